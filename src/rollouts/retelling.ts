/** What rollouts of all tools tell, in Holdfast's words: agents, turns, samplings, calls, mail, usage. */
import { AgentClosed, AgentSpawned, UsageRecorded } from '../../events/agent.ts';
import type { DataOf, HoldfastEvent } from '../../events/catalogue.ts';
import { FleetOpened } from '../../events/fleet.ts';
import type { AgentId, MailId, ReservationId, TurnId } from '../../events/ids.ts';
import type { Mark } from '../../events/imported.ts';
import { completeLimits } from '../../events/limits.ts';
import type { MailKind } from '../../events/mail.ts';
import { MailAccepted, MailConsumed } from '../../events/mail.ts';
import { DefectFound, RecordKept, SourceFound } from '../../events/source.ts';
import {
  HistoryCompacted,
  type Item,
  ModelSampled,
  type Outcome,
  ToolCallEnded,
  ToolCallStarted,
  TurnCompleted,
  TurnInterrupted,
  TurnStarted,
} from '../../events/turn.ts';
import { agentAt, subtree } from '../../projections/paths.ts';
import { policyOf } from '../../projections/policy.ts';
import type { Agent, Call, State, Turn } from '../../projections/state.ts';
import { Computed } from './computed.ts';
import type { Ledger, Told } from './ledger.ts';
import type { Defect } from './record.ts';
import { clipped, resultMax } from './text.ts';

type Spawned = DataOf<'AgentSpawned'>;

export interface Opening {
  readonly from: 'codex' | 'claude';
  readonly version: string;
}

export interface Found {
  readonly key: string;
  readonly name: string;
  readonly agentId: string;
  readonly policy?: string;
}

/** Names of paths are short words; what tools call their agents becomes one. */
export const pathName = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 60) || 'agent';

export class Retelling {
  readonly ledger: Ledger;
  readonly computed: Computed;
  readonly #opening: Opening;
  /** Turn → whose it is or was, also when it has ended: copies of other agents' histories are told apart by it. */
  readonly turns = new Map<string, string>();
  /** Parent and call → the child that it started. */
  readonly starters = new Map<string, string>();

  constructor(ledger: Ledger, opening: Opening) {
    this.ledger = ledger;
    this.#opening = opening;
    this.computed = new Computed(ledger, opening.from === 'claude' ? 'claude' : 'codex-v1');
  }

  get state(): State {
    return this.ledger.state;
  }

  /** Every event of the log, old and new, in order. */
  note(event: HoldfastEvent): void {
    if (event.type === 'AgentSpawned') {
      const { agentId, parentId } = event.data;
      const calls = Object.values(this.turn(parentId ?? '')?.calls ?? {});
      const call = calls.find(({ position }) => position === event.cause);
      if (call !== undefined) this.starters.set(`${parentId}/${call.callId}`, agentId);
    } else if (event.type === 'TurnStarted') this.turns.set(event.data.turnId, event.data.agentId);
    this.computed.note(event);
  }

  agent(agentId: string | undefined): Agent | undefined {
    return agentId === undefined ? undefined : this.state.agents[agentId];
  }

  /** Its turn in progress. */
  turn(agentId: string): Turn | undefined {
    const turnId = this.state.agents[agentId]?.turnId;
    return turnId === undefined ? undefined : this.state.turns[turnId];
  }

  call(agentId: string, callId: string): Call | undefined {
    return this.turn(agentId)?.calls[callId];
  }

  /** The first line of a file that the log has not seen. Gives the file's number. */
  found({ key, name, agentId, policy }: Found): number {
    const file = Object.keys(this.state.sources?.files ?? {}).length + 1;
    this.ledger.asFile(file);
    if (this.state.position === 0) this.#open(key, policy);
    const { from } = this.#opening;
    this.ledger.tell(SourceFound, { file, from, key, name, agentId: agentId as AgentId, policy }, 'written');
    return file;
  }

  #open(key: string, policy: string | undefined): void {
    const { slots, residents } = policyOf(policy ?? 'codex-v1', { activeTurns: 0, residents: 0 })!;
    const limits = completeLimits({ activeTurns: slots, residents: Math.min(residents, 1_000_000) });
    const { from, version } = this.#opening;
    this.ledger.tell(
      FleetOpened,
      { fleetId: key.replace('/', '-'), format: 1, version, limits, fleet: { roots: [] }, origin: from },
      'written',
    );
  }

  defect({ defect, bytes, handled }: Defect): void {
    if (this.ledger.place.file === 0) return;
    this.ledger.tell(DefectFound, { file: this.ledger.place.file, defect, bytes, handled }, 'written');
  }

  /** A record without an event of its own. */
  kept(kind: string, value: unknown, bytes: number): void {
    if (this.ledger.muted) return;
    const text = clipped(JSON.stringify(value) ?? '', keptMax);
    this.ledger.tell(RecordKept, { file: this.ledger.place.file, kind, bytes, text }, 'written');
  }

  /** A path that nobody open has: names of tools are not unique. */
  freePath(parent: Agent, name: string): string {
    const wanted = `${parent.path}/${pathName(name)}`;
    for (let n = 1; ; n += 1) {
      const path = n === 1 ? wanted : `${wanted}_${n}`;
      if (agentAt(this.state, parent.rootId, path) === undefined) return path;
    }
  }

  spawnRoot(agentId: string, given: Pick<Spawned, 'model' | 'cwd' | 'config'>, mark: Mark = 'written'): void {
    const name = this.state.roots.length === 0 ? 'root' : `root${this.state.roots.length + 1}`;
    const id = agentId as AgentId;
    this.ledger.tell(AgentSpawned, { agentId: id, rootId: id, path: '/root', depth: 0, name, ...given }, mark);
    this.computed.load(id, 'spawned');
  }

  /** `asked`: when the call was made. The slot of a policy that gives slots to agents is taken here. */
  spawn(
    agentId: string,
    parent: Agent,
    given: Omit<Spawned, 'agentId' | 'rootId' | 'parentId' | 'path' | 'depth'> & { readonly name: string },
    { mark, asked, ...told }: Told & { readonly mark: Mark; readonly asked?: number },
  ): void {
    const { name, ...rest } = given;
    const { rootId } = parent;
    const path = this.freePath(parent, name);
    const id = agentId as AgentId;
    const byAgent = this.computed.byAgent(rootId);
    if (byAgent)
      this.computed.reserve({ agentId: id, rootId }, `${agentId}/slot`, 'spawn', { at: asked, cause: told.cause });
    this.ledger.tell(
      AgentSpawned,
      { ...rest, agentId: id, rootId, parentId: parent.agentId, path, depth: parent.depth + 1 },
      mark,
      told,
    );
    if (!byAgent) return;
    this.computed.load(id, 'spawned');
    this.computed.commit({ agentId: id, rootId }, `${agentId}/slot`);
  }

  /** A turn that is still open is ended by the one that follows it. */
  startTurn(agentId: string, turn: string, mark: Mark, mail: readonly string[] = []): void {
    if (this.ledger.muted) {
      this.turns.set(turn, agentId);
      return;
    }
    const agent = this.state.agents[agentId]!;
    if (agent.turnId !== undefined)
      this.interrupt(agentId, 'the rollout holds no end of it, and the next turn began', 'inferred');
    const turnId = turn as TurnId;
    const { rootId } = agent;
    const by = { by: `agent:${agentId}` };
    let reservationId: ReservationId | undefined;
    if (agent.parentId !== undefined) {
      const cause = mail[0] === undefined ? undefined : this.state.mail.letters[mail[0]]?.position;
      if (!this.computed.byAgent(rootId)) {
        reservationId = `${turn}/slot` as ReservationId;
        this.computed.reserve(agent, reservationId, agent.last.is === 'pending' ? 'spawn' : 'followup', { cause });
      }
      this.computed.makeRoom(agent);
      if (reservationId !== undefined) this.computed.commit(agent, reservationId, turnId);
    }
    const mailIds = mail as readonly MailId[];
    this.ledger.tell(
      TurnStarted,
      { turnId, agentId: agent.agentId, rootId, mailIds: [...mailIds], reservationId },
      mark,
      by,
    );
    for (const mailId of mailIds)
      this.ledger.tell(MailConsumed, { mailId, agentId: agent.agentId, turnId }, 'inferred', by);
  }

  #ended(agentId: string, outcome: 'completed' | 'interrupted', turn: Turn): void {
    const agent = this.state.agents[agentId]!;
    if (turn.reservationId !== undefined) this.computed.release(agent, turn.reservationId, outcome);
  }

  /** Calls that the rollout leaves open when their turn ends. */
  #settleCalls(turn: Turn, outcome: Outcome, text: string): void {
    for (const { callId, position } of Object.values(turn.calls))
      this.ledger.tell(
        ToolCallEnded,
        { turnId: turn.turnId, agentId: turn.agentId, callId, outcome, output: { text } },
        'inferred',
        { cause: position },
      );
  }

  complete(agentId: string, message: string, mark: Mark): void {
    const turn = this.turn(agentId);
    if (turn === undefined) return;
    const by = `agent:${agentId}`;
    this.#settleCalls(turn, 'indeterminate', 'the rollout holds no result');
    const { turnId } = turn;
    this.ledger.tell(TurnCompleted, { turnId, agentId: turn.agentId, message: clipped(message) }, mark, {
      by,
      cause: turn.position,
    });
    this.#ended(agentId, 'completed', turn);
  }

  interrupt(agentId: string, reason: string, mark: Mark): void {
    const turn = this.turn(agentId);
    if (turn === undefined) return;
    this.#settleCalls(turn, 'cancelled', 'the turn was interrupted');
    const data = { turnId: turn.turnId, agentId: turn.agentId, interruptedBy: 'operator', reason, note: '' };
    this.ledger.tell(TurnInterrupted, data, mark, { cause: turn.position });
    this.#ended(agentId, 'interrupted', turn);
  }

  /** The agent and all open ones below it, leaves first. */
  close(agentId: string, reason: string, mark: Mark, told: Told): void {
    const agent = this.state.agents[agentId];
    if (agent === undefined || agent.last.is === 'closed') return;
    for (const each of subtree(this.state, agent)) {
      const how = each.agentId === agentId ? mark : 'inferred';
      if (each.turnId !== undefined) this.interrupt(each.agentId, reason, 'inferred');
      this.ledger.tell(AgentClosed, { agentId: each.agentId, rootId: each.rootId, reason }, how, told);
      this.computed.release(each, `${each.agentId}/slot`, 'completed');
    }
  }

  /** Items of one sampling come line by line; they share its number, which is inferred from what follows them. */
  sample(agentId: string, items: readonly Item[], n: number): void {
    const turn = this.turn(agentId);
    if (turn === undefined) return;
    this.ledger.tell(ModelSampled, { turnId: turn.turnId, agentId: turn.agentId, n, items: [...items] }, 'written', {
      by: `agent:${agentId}`,
      cause: turn.position,
    });
  }

  startCall(
    agentId: string,
    callId: string,
    tool: string,
    args: unknown,
    more: { until?: number; processId?: number } = {},
  ) {
    const turn = this.turn(agentId);
    if (turn === undefined) return;
    const data = { turnId: turn.turnId, agentId: turn.agentId, callId, tool, args, ...more };
    this.ledger.tell(ToolCallStarted, data, 'written', { by: `agent:${agentId}` });
  }

  /** False when no such call is open. */
  endCall(agentId: string, callId: string, outcome: Outcome, text: string): boolean {
    const turn = this.turn(agentId);
    const call = turn?.calls[callId];
    if (turn === undefined || call === undefined) return false;
    const output = { text: clipped(text, resultMax) };
    const data = { turnId: turn.turnId, agentId: turn.agentId, callId, outcome, output };
    this.ledger.tell(ToolCallEnded, data, 'written', { cause: call.position, by: `agent:${agentId}` });
    return true;
  }

  accept(
    mail: {
      readonly id: string;
      readonly from: string;
      readonly to: string;
      readonly kind: MailKind;
      readonly trigger: boolean;
    },
    text: string,
    mark: Mark,
    { ofTurn, ...told }: Told & { readonly ofTurn?: string } = {},
  ): void {
    const { from, to, kind, trigger } = mail;
    const fromPath = this.state.agents[from]?.path;
    const data = {
      mailId: mail.id as MailId,
      from: from as AgentId,
      to: to as AgentId,
      kind,
      trigger,
      text: clipped(text),
      ofTurn: ofTurn as TurnId | undefined,
      fromPath,
    };
    const by = from === 'operator' || from === 'engine' ? from : `agent:${from}`;
    this.ledger.tell(MailAccepted, data, mark, { by, ...told });
  }

  /** Unread mail of a receiver, oldest first. */
  unread(agentId: string): readonly string[] {
    return this.state.mail.inboxes[agentId]?.unread ?? [];
  }

  consume(agentId: string, mailId: string, mark: Mark): void {
    const turn = this.turn(agentId);
    if (turn === undefined || !this.unread(agentId).includes(mailId)) return;
    const cause = this.state.mail.letters[mailId]?.position;
    const data = { mailId: mailId as MailId, agentId: turn.agentId, turnId: turn.turnId };
    this.ledger.tell(MailConsumed, data, mark, { cause, by: `agent:${agentId}` });
  }

  compacted(agentId: string, summary: string): boolean {
    const turn = this.turn(agentId);
    if (turn === undefined) return false;
    const data = { turnId: turn.turnId, agentId: turn.agentId, upTo: this.state.position, summary: clipped(summary) };
    this.ledger.tell(HistoryCompacted, data, 'written');
    return true;
  }

  usage(agentId: string, inputTokens: number, outputTokens: number): void {
    if (inputTokens + outputTokens === 0 || this.state.agents[agentId] === undefined) return;
    const data = { agentId: agentId as AgentId, inputTokens, outputTokens };
    this.ledger.tell(UsageRecorded, data, 'written', { by: `agent:${agentId}` });
  }
}

/** Of records that are only kept, in characters. */
const keptMax = 2_000;
