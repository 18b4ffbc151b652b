/** Slots and memory of imported trees: no rollout holds them, so they follow from the policy that is named for each tree. */
import { AgentEvicted, AgentLoaded } from '../../events/agent.ts';
import type { DataOf, HoldfastEvent } from '../../events/catalogue.ts';
import type { AgentId, ReservationId, TurnId } from '../../events/ids.ts';
import { SlotCommitted, SlotRefused, SlotReleased, SlotReserved } from '../../events/slot.ts';
import { MemoryRehearsal, type Use } from '../../projections/memoryRehearsal.ts';
import { type Policy, policyOf } from '../../projections/policy.ts';
import type { Agent, State } from '../../projections/state.ts';
import type { Ledger, Told } from './ledger.ts';

export class Computed {
  readonly #ledger: Ledger;
  /** For trees whose root has no file. */
  readonly #usual: string;
  readonly #policies = new Map<string, Policy>();
  readonly #memories = new Map<string, MemoryRehearsal>();

  constructor(ledger: Ledger, usual: string) {
    this.#ledger = ledger;
    this.#usual = usual;
  }

  get #state(): State {
    return this.#ledger.state;
  }

  policy(rootId: string): Policy {
    let policy = this.#policies.get(rootId);
    if (policy !== undefined) return policy;
    const sources = Object.values(this.#state.sources?.files ?? {});
    const told = sources.find((source) => source.agentId === rootId && source.policy !== undefined)?.policy;
    policy = policyOf(told ?? this.#usual, this.#state.fleet.limits)!;
    this.#policies.set(rootId, policy);
    return policy;
  }

  #memory(rootId: string): MemoryRehearsal {
    let memory = this.#memories.get(rootId);
    const { residents, eviction } = this.policy(rootId);
    if (memory === undefined) this.#memories.set(rootId, (memory = new MemoryRehearsal(residents, eviction)));
    return memory;
  }

  /** Every event of the log, old and new, in order: who would be in memory follows from them. */
  note(event: HoldfastEvent): void {
    switch (event.type) {
      case 'TurnStarted':
        this.#use(event.data.agentId, 'start');
        return;
      case 'TurnCompleted':
      case 'TurnFailed':
      case 'TurnInterrupted':
        this.#use(event.data.agentId, 'rest');
        return;
      case 'MailAccepted':
        this.#use(event.data.to, 'touch');
        return;
      case 'AgentClosed':
        this.#use(event.data.agentId, 'close');
        return;
      default:
    }
  }

  #use(agentId: string, use: Use): void {
    const agent = this.#state.agents[agentId];
    if (agent?.parentId !== undefined) this.#memory(agent.rootId).use(agentId, use);
  }

  /** Whether an agent takes a slot when it is spawned, and keeps it until it is closed. */
  byAgent(rootId: string): boolean {
    return this.policy(rootId).held === 'agent';
  }

  reserve(agent: Pick<Agent, 'agentId' | 'rootId'>, id: string, purpose: 'spawn' | 'followup', told: Told): void {
    const { agentId, rootId } = agent;
    this.#ledger.tell(SlotReserved, { reservationId: id as ReservationId, agentId, rootId, purpose }, 'computed', told);
  }

  commit(agent: Pick<Agent, 'agentId' | 'rootId'>, id: string, turnId?: TurnId): void {
    const { agentId, rootId } = agent;
    this.#ledger.tell(
      SlotCommitted,
      { reservationId: id as ReservationId, agentId, rootId, ...(turnId !== undefined && { turnId }) },
      'computed',
    );
  }

  release(agent: Agent, id: string, reason: DataOf<'SlotReleased'>['reason']): void {
    const { agentId, rootId } = agent;
    if (this.#state.slots.trees[rootId]?.held[id] === undefined) return;
    this.#ledger.tell(SlotReleased, { reservationId: id as ReservationId, agentId, rootId, reason }, 'computed');
  }

  load(agentId: AgentId, reason: 'spawned' | 'followup'): void {
    this.#ledger.tell(AgentLoaded, { agentId, reason }, 'computed');
  }

  /** Who goes so that this agent can come. */
  makeRoom(agent: Agent): void {
    const { present } = this.#state.residents;
    // Asked here and noted when the turn has started: the second asking changes nothing.
    for (const gone of this.#memory(agent.rootId).use(agent.agentId, 'start')) {
      if (present[gone] === undefined) continue;
      const data = { agentId: gone as AgentId, reason: 'lru' as const, wantedBy: agent.agentId };
      this.#ledger.tell(AgentEvicted, data, 'computed');
    }
    if (present[agent.agentId] === undefined)
      this.load(agent.agentId, agent.last.is === 'pending' ? 'spawned' : 'followup');
  }

  /** The tool's own refusal for want of a slot is written in the rollout; who held them is not. */
  refuse({ rootId }: Agent, number: number, told: Told): void {
    const held = Object.values(this.#state.slots.trees[rootId]?.held ?? {});
    const holders = held.map(({ agentId, reservationId, position }) => ({
      agentId,
      path: this.#state.agents[agentId]!.path,
      since: position,
      reservationId: reservationId as string,
    }));
    const wouldFree = this.byAgent(rootId) ? 'closing one of the holders' : 'the end of a turn of one of the holders';
    const { file, offset } = this.#ledger.place;
    const data = { refusalId: `${file}-${offset}`, rootId, number, holders, wouldFree };
    this.#ledger.tell(SlotRefused, { ...data, purpose: 'spawn', limit: 'activeTurns' }, 'written', told);
  }
}
