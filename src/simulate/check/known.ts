/** What a picture of a log is made of. */
import type { KnownCell } from './cellPicture.ts';
import type { KnownProcess } from './knownProcess.ts';

export interface Letter {
  readonly id: string;
  readonly kind: string;
  readonly position: number;
  /** It starts a turn; false once it is spent. */
  trigger: boolean;
  /** Where a turn took it. */
  takenAt: number;
}

export interface Call {
  readonly id: string;
  readonly tool: string;
  readonly position: number;
  /** When wait_agent gives up, or exec and wait yield. */
  readonly until: number | undefined;
  /** The cell that exec or wait waits for. */
  readonly cellId: string | undefined;
  processId: number | undefined;
}

export interface RunningTurn {
  readonly id: string;
  readonly agent: KnownAgent;
  slot: string | undefined;
  parked: boolean;
  /** A client makes its calls. */
  readonly client: boolean;
  /** The model is asked, or will be; never that of a client. */
  sampling: boolean;
  readonly calls: Map<string, Call>;
  /** Calls of the newest list that nothing was decided about. */
  undecided: string[];
  readonly usedIds: Set<string>;
  /** Mail taken since the newest answer of the model. */
  fresh: Letter[];
  /** Position of that answer, or of the start. */
  list: number;
  /** The newest sampling found the history too long: a summary is asked for. */
  tooLong: boolean;
}

export interface Entry {
  readonly id: string;
  readonly agent: KnownAgent;
  readonly turn: string | undefined;
  readonly position: number;
}

export interface Held {
  readonly id: string;
  readonly agentId: string;
  readonly position: number;
  turn: string | undefined;
}

export interface Tree {
  readonly rootId: string;
  /** Of its root. */
  readonly name: string;
  readonly held: Map<string, Held>;
  readonly queue: Entry[];
  readonly agents: KnownAgent[];
}

/** Its model is a client that is not there. */
export const isUnanswered = ({ answeredBy }: KnownAgent): boolean =>
  answeredBy !== undefined && answeredBy.client?.connection === undefined;

export interface KnownAgent {
  readonly id: string;
  readonly tree: Tree;
  readonly parent: KnownAgent | undefined;
  readonly path: string;
  readonly openChildren: Set<string>;
  open: boolean;
  resident: boolean;
  /** A root for clients, who is there, and which calls were left open by those who were. */
  readonly client: { connection: string | undefined; readonly left: Set<string> } | undefined;
  /** The root whose client is its model. */
  readonly answeredBy: KnownAgent | undefined;
  /** Its worktree is not there yet. */
  awaitsTree: boolean;
  /** Position of the last use (RE2). */
  lastUse: number;
  turn: RunningTurn | undefined;
  entry: Entry | undefined;
  /** What it is when it neither runs nor waits to: how its last turn ended. */
  last: 'pending' | 'completed' | 'failed' | 'interrupted' | 'closed';
  /** In order of acceptance. */
  readonly unread: Letter[];
  /** Position of its AgentSpawned. */
  readonly spawned: number;
  /** What its model is to see of its own life: kind and position of each item, in order. */
  history: string[];
  /** Position of the newest answer of wait_agent. */
  told: number;
  samplings: number;
  readonly cells: Map<string, KnownCell>;
  /** Keys that its cells have stored, with the position of the newest write. */
  readonly stored: Map<string, number>;
  /** Its requested or live processes. */
  readonly processes: Map<number, KnownProcess>;
}
