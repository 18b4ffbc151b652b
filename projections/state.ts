/** What is true now: the document that decisions read, and nothing but a fold of the log. Plain JSON, all of it. */
import type { Text } from '../events/fact.ts';
import type { FleetFile, Limits, Workspace } from '../events/fleetFile.ts';
import type { AgentId, MailId, QueueId, ReservationId, TurnId } from '../events/ids.ts';
import type { MailKind } from '../events/mail.ts';
import type { Purpose } from '../events/slot.ts';
import type { Client } from './answering.ts';
import type { Approvals } from './approval.ts';
import type { Spending } from './budget.ts';
import type { Cell } from './cell.ts';
import { noIdentities } from './identities.ts';
import { emptyOrder, type Order } from './order.ts';
import type { Process } from './process.ts';
import type { Identities, TaskBindings } from './registration.ts';
import type { Source } from './source.ts';
import { numbered, table } from './table.ts';
import { noTaskBindings } from './taskBindings.ts';
import type { Workspaces } from './workspaces.ts';

export type { Cell, CellEnd } from './cell.ts';
export type { Process, ProcessEnd } from './process.ts';
export type { Binding, Identities, Identity, TaskBindings } from './registration.ts';
export type { Source } from './source.ts';

/** Changes with every change of the document below; golden hashes are kept per version. */
export const stateVersion = 5;

export interface Agent {
  agentId: AgentId;
  rootId: AgentId;
  parentId?: AgentId;
  path: string;
  name?: string;
  depth: number;
  role?: string;
  model: string;
  effort?: string;
  cwd: string;
  wake?: boolean;
  workspace?: Workspace;
  forkedFrom?: { agentId: AgentId; position: number; turns: 'all' | number };
  /** Position of its AgentSpawned. */
  spawned: number;
  /** Versions of its stream and of its mail's. */
  version: number;
  mailVersion: number;
  /** Path → open child, if it has any. */
  children?: Record<string, AgentId>;
  /** How its last turn ended; `pending` before the first. */
  last: {
    is: 'pending' | 'completed' | 'failed' | 'interrupted' | 'closed';
    at: number;
    position: number;
    message?: string;
  };
  /** Its unfinished turn. */
  turnId?: TurnId;
  /** ModelSampled + SamplingEnded + HistoryCompacted so far (TU8). */
  samplings: number;
  /** All mail accepted before this position has been named by wait_agent (MA5). */
  told: number;
  /** First line of the newest task. */
  task?: string;
  /** A client outside acts as this root. */
  client?: Client;
  /** Imported agents: tokens in all. */
  usage?: { inputTokens: number; outputTokens: number };
}

export interface Letter {
  mailId: MailId;
  position: number;
  from: string;
  fromPath?: string;
  to: AgentId;
  kind: MailKind;
  trigger: boolean;
  /** A spent trigger goes in with the next turn but starts none (MA6). */
  spent?: true;
  text: Text;
  ofTurn?: TurnId;
  /** The turn that has taken it and has not been sampled since. */
  turnId?: TurnId;
}

export interface Inbox {
  /** In order of acceptance. */
  unread: MailId[];
  /** Unread triggers that are not spent. */
  triggers: number;
}

export interface Slot {
  reservationId: ReservationId;
  agentId: AgentId;
  purpose: Purpose;
  position: number;
  at: number;
  turnId?: TurnId;
}

export interface QueueEntry {
  queueId: QueueId;
  agentId: AgentId;
  purpose: Purpose;
  position: number;
  at: number;
  /** For an unpark: the parked turn. */
  turnId?: TurnId;
}

export interface Tree {
  held: Record<string, Slot>;
  heldCount: number;
  queue: Order;
  entries: Record<string, QueueEntry>;
  /** Entries that are turns not yet started. */
  unstarted: number;
}

export interface Call {
  callId: string;
  tool: string;
  args: unknown;
  position: number;
  at: number;
  /** When wait_agent gives up, and exec and wait yield. */
  until?: number;
  processId?: number;
  /** exec and wait: the cell that is waited for. */
  cellId?: string;
  /** write_stdin: its bytes have been written. */
  written?: true;
  /** A person is asked whether it may be carried out. */
  approvalId?: string;
}

export type PendingCall = { call: string; id: string; args: unknown; invalid?: string } | { exec: Text; id: string };

export interface Turn {
  turnId: TurnId;
  agentId: AgentId;
  rootId: AgentId;
  reservationId?: ReservationId;
  position: number;
  at: number;
  /** `sampling`: the model is asked, or will be at `retryAt`. `calling`: calls are open or pending. */
  phase: 'sampling' | 'calling';
  /** Failed samplings in a row. */
  failures: number;
  /** Its history is too long: the model is asked for a summary next. How many samplings in a row have said so. */
  overflows?: number;
  retryAt?: number;
  /** Position of the newest ModelSampled. */
  list?: number;
  /** Calls of the newest list that are not yet decided. */
  pending: PendingCall[];
  calls: Record<string, Call>;
  open: number;
  /** Ids of all its calls so far: no two calls of a turn have the same. */
  callIds: Record<string, true>;
  /** Open calls that are wait_agent. */
  waits: number;
  /** Mail taken since the newest ModelSampled. */
  fresh: MailId[];
  parked?: { until?: number; at: number; position: number };
  /** A client makes its calls: no model is asked, and further calls come while others are open. */
  client?: true;
  /** Calls of a client whose end may reach nobody: a person was asked about them, or the client has gone since. */
  putOff?: Record<string, true>;
  /** Its task was rejected since the newest ModelSampled (TB5). */
  rejected?: true;
}

/** Who runs and who waits in one tree (MA5): turns by their id, cells as `cell-N`. */
export interface Activity {
  /** Unfinished turns that are not in wait, parked ones whose wait has ended, and cells that go on by themselves. */
  busy: Record<string, true>;
  busyCount: number;
  /** Turns and cells with an open wait_agent. */
  waiting: Record<string, true>;
  waitingCount: number;
}

export interface Residents {
  /** Agent → position of its last use (RE2). Roots too. */
  present: Record<string, number>;
  /** Sub-agents among them. */
  count: number;
  /** Evictable sub-agents, least recently used first. */
  idle: Order;
}

export interface Answered {
  requestHash: string;
  answer?: unknown;
  refusal?: unknown;
}

export interface State {
  position: number;
  at: number;
  epoch: number;
  /** Kind of aggregate → id → version of its stream, for each that can still grow; those of agents lie with them. */
  streams: Record<string, Record<string, number>>;
  fleet: {
    fleetId: string;
    format: number;
    limits: Limits;
    file: FleetFile | null;
    origin: string;
    engine: 'none' | 'started' | 'stopped';
    nextProcessId: number;
    nextCellId: number;
    answers: Record<string, Answered>;
    answerOrder: Order;
    /** `blob/…`, `output/…`, `secret/…` → position of its PayloadForgotten. */
    forgotten?: Record<string, number>;
  };
  /** In order of spawning. */
  roots: AgentId[];
  /** Name → root, closed ones too: a name is given once. */
  rootNames: Record<string, AgentId>;
  /** Connection of a client that is there → its root; absent before the first. */
  clients?: Record<string, AgentId>;
  agents: Record<string, Agent>;
  slots: { held: number; trees: Record<string, Tree>; queuedBy: Record<string, QueueId> };
  residents: Residents;
  mail: { letters: Record<string, Letter>; inboxes: Record<string, Inbox> };
  turns: Record<string, Turn>;
  activity: Record<string, Activity>;
  processes: {
    all: Record<string, Process>;
    /** Agent → its requested or live processes. */
    live: Record<string, Record<string, true>>;
    /** Root → number of them. */
    count: Record<string, number>;
    /** Agent → how many of them will notify it. */
    notifying: Record<string, number>;
    /** Agent → ended processes whose end it wants to be told of and has not been. */
    untold: Record<string, Record<string, true>>;
  };
  identities: Identities;
  taskBindings: TaskBindings;
  /** Imported logs only: by number, and what the tool calls it → number. */
  sources?: { files: Record<string, Source>; byKey: Record<string, number> };
  cells: {
    all: Record<string, Cell>;
    /** Agent → its live cells. */
    live: Record<string, Record<string, true>>;
    /** Root → number of live cells. */
    count: Record<string, number>;
    /** Those that go on by themselves. */
    busy: Record<string, true>;
  };
  approvals?: Approvals;
  spending?: Spending;
  workspaces?: Workspaces;
  /** Agent → key of its store → position of the newest write; the values are in the log. */
  stores: Record<string, Record<string, number>>;
}

export const emptyState = (limits: Limits): State => ({
  position: 0,
  at: 0,
  epoch: 0,
  streams: table(),
  fleet: {
    fleetId: '',
    format: 0,
    limits,
    file: null,
    origin: 'own',
    engine: 'none',
    nextProcessId: 1000,
    nextCellId: 1,
    answers: table(),
    answerOrder: emptyOrder(),
  },
  roots: [],
  rootNames: table(),
  agents: table(),
  slots: { held: 0, trees: table(), queuedBy: table() },
  residents: { present: table(), count: 0, idle: emptyOrder() },
  mail: { letters: table(), inboxes: table() },
  turns: table(),
  activity: table(),
  processes: { all: numbered(), live: table(), count: table(), notifying: table(), untold: table() },
  identities: noIdentities(),
  taskBindings: noTaskBindings(),
  cells: { all: numbered(), live: table(), count: table(), busy: table() },
  stores: table(),
});
