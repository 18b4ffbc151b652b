/**
 * The objects of resident agents: they follow what the log has decided (RE4). An object is made when the ones evicted
 * for it have let go, and its history is rebuilt from the log, never from whoever wants it (RE6).
 */
import { agentsOf, type HoldfastEvent } from '../../events/catalogue.ts';
import { emptyHistory, type History, inherited, remember } from '../../projections/history.ts';
import type { Agent, State } from '../../projections/state.ts';
import type { LogReader } from '../log/port.ts';
import type { Clock } from './clock.ts';
import { decoded } from './fold.ts';

/** RE5: an object that has not let go after this long is abandoned. */
export const unloadMs = 5_000;

/** What has to let go when an agent is unloaded: its model client. */
export type Unload = (agentId: string) => Promise<void>;

interface Resident {
  readonly agentId: string;
  /** Events since the load was decided, until the history is there. */
  buffer: HoldfastEvent[] | undefined;
  history: History;
  /** History before this position comes from the log. */
  readonly from: number;
  readonly born: boolean;
  readonly after: readonly Promise<void>[];
  ready: Promise<History> | undefined;
  /** Its object could not be made. */
  failed: boolean;
}

export class ResidentObjects {
  readonly #present = new Map<string, Resident>();
  /** Objects that are letting go. */
  readonly #leaving = new Map<string, { readonly done: Promise<void>; readonly resolve: () => void }>();
  readonly #state: State;
  readonly #log: LogReader;
  readonly #clock: Clock;
  readonly #unload: Unload;
  readonly #abandoned: (agentId: string, afterMs: number) => void;

  constructor(parts: {
    readonly state: State;
    readonly log: LogReader;
    readonly clock: Clock;
    readonly unload: Unload;
    readonly abandoned: (agentId: string, afterMs: number) => void;
  }) {
    this.#state = parts.state;
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#unload = parts.unload;
    this.#abandoned = parts.abandoned;
  }

  get count(): number {
    return this.#present.size;
  }

  observe(batch: readonly HoldfastEvent[]): void {
    const first = batch[0]!.position;
    const evicted: Promise<void>[] = [];
    for (const event of batch) {
      if (event.type === 'AgentEvicted' || event.type === 'AgentClosed') {
        this.#leave(event.data.agentId);
        const leaving = this.#leaving.get(event.data.agentId);
        if (leaving !== undefined) evicted.push(leaving.done);
      } else if (event.type === 'AgentLoaded') {
        const { agentId } = event.data;
        const born = batch.some((e) => e.type === 'AgentSpawned' && e.data.agentId === agentId);
        const own = this.#leaving.get(agentId);
        const buffer = batch.filter((e) => e.position < event.position && agentsOf(e).includes(agentId));
        const after = own === undefined ? [...evicted] : [...evicted, own.done];
        this.#present.set(agentId, {
          agentId,
          buffer,
          history: emptyHistory(),
          from: first,
          born,
          after,
          ready: undefined,
          failed: false,
        });
      }
      for (const agentId of agentsOf(event)) {
        const resident = this.#present.get(agentId);
        // What a client knows is with the client.
        if (resident === undefined || this.#state.agents[agentId]!.client !== undefined) continue;
        if (resident.buffer !== undefined) resident.buffer.push(event);
        else remember(resident.history, agentId, event);
      }
    }
  }

  #leave(agentId: string): void {
    if (!this.#present.delete(agentId) || this.#leaving.has(agentId)) return;
    let resolve = () => {};
    const done = new Promise<void>((r) => {
      resolve = r;
    });
    this.#leaving.set(agentId, { done, resolve });
  }

  /** The load is durable: the object may be made. */
  load(agentId: string): void {
    const resident = this.#present.get(agentId);
    if (resident === undefined || resident.ready !== undefined) return;
    const ready = this.#make(resident);
    resident.ready = ready;
    // Whoever uses it sees the error; its next turn tries again.
    ready.catch(() => {
      resident.failed = true;
    });
  }

  async #make(resident: Resident): Promise<History> {
    await Promise.all(resident.after);
    const agent = this.#state.agents[resident.agentId]!;
    const history = resident.born ? await this.#born(agent) : await this.#historyUpTo(agent, resident.from - 1);
    for (const event of resident.buffer ?? []) remember(history, resident.agentId, event);
    resident.buffer = undefined;
    resident.history = history;
    return history;
  }

  async #born({ forkedFrom }: Agent): Promise<History> {
    const history = emptyHistory();
    if (forkedFrom === undefined) return history;
    const parent = await this.#historyUpTo(this.#state.agents[forkedFrom.agentId]!, forkedFrom.position);
    history.items = inherited(parent, forkedFrom.turns);
    return history;
  }

  async #historyUpTo(agent: Agent, to: number): Promise<History> {
    const history = await this.#born(agent);
    if (agent.client !== undefined) return history;
    for await (const page of this.#log.readAgent(agent.agentId, { to })) {
      for (const event of page) remember(history, agent.agentId, decoded(event));
    }
    return history;
  }

  /** The history of a resident agent, when its object is there; rejects when it cannot be loaded. */
  async history(agentId: string): Promise<History> {
    const resident = this.#present.get(agentId);
    if (resident?.ready === undefined) throw new Error(`agent ${agentId} is not resident`);
    if (resident.failed) {
      resident.failed = false;
      resident.ready = undefined;
      this.load(agentId);
    }
    return resident.ready as Promise<History>;
  }

  /** The eviction is durable: the object lets go, or is abandoned. */
  unload(agentId: string): void {
    const leaving = this.#leaving.get(agentId);
    if (leaving === undefined) return;
    let open = true;
    const gone = () => {
      if (!open) return;
      open = false;
      cancel();
      this.#leaving.delete(agentId);
      leaving.resolve();
    };
    const cancel = this.#clock.after(unloadMs, () => {
      if (open) this.#abandoned(agentId, unloadMs);
      gone();
    });
    this.#unload(agentId).then(gone, gone);
  }
}
