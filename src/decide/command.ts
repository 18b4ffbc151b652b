/** Everything that can be asked of a fleet: by operators, by models through their tools, by the outside world as results. */
import type { DataOf } from '../../events/catalogue.ts';
import type { CellPolicy, OutputItem } from '../../events/cell.ts';
import type { Offer } from '../../events/client.ts';
import type { FleetFile, Workspace } from '../../events/fleetFile.ts';
import type { IdentityLossReason } from '../../events/identity.ts';
import type { AgentId } from '../../events/ids.ts';
import type { Item, Usage } from '../../events/turn.ts';
import type { CallNamed } from '../../projections/calls.ts';
import type { BudgetGiven } from './budget.ts';
import type { CallEnd } from './callEnd.ts';
import type { IdentitySeen } from './identity.ts';

export type ApprovalAnswer = DataOf<'ApprovalAnswered'>['answer'];

export interface RootGiven {
  readonly name?: string;
  readonly prompt: string;
  readonly model?: string;
  readonly effort?: string;
  readonly role?: string;
  readonly cwd?: string;
  readonly wake?: boolean;
  readonly workspace?: Workspace;
}

/** What operators have typed into a process so far: bytes, and a hash of all of them. */
export interface Typed {
  readonly bytes: number;
  readonly hash: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly outputBytes: number;
  readonly outputHash: string;
  readonly typed?: Typed;
}

interface EngineLife {
  readonly bootId: string;
  readonly pid: number;
  readonly version: string;
}

/** What can be removed from the disk while the events that name it stay. */
export interface Payload {
  readonly what: 'blob' | 'output' | 'secret';
  readonly id: string;
}

type OfTurn = { readonly turnId: string };
/** The binding that somebody speaks of; by then there may be another. */
type OfTask = { readonly agentId: string; readonly taskId: string; readonly identityEpoch: number };
type OfCall = CallNamed;
type OfClient = { readonly connectionId: string };
type OfWorkspace = { readonly agentId: string; readonly branch: string };
type OfCell = { readonly cellId: string };

/** What one input did to a cell, as the sandbox reports it (see `src/cells/port.ts`). */
export interface DrainReport {
  readonly calls: readonly { readonly callId: string; readonly tool: string; readonly args?: unknown }[];
  readonly timers: readonly { readonly timerId: number; readonly delayMs: number }[];
  readonly clearedTimers: readonly number[];
  readonly items: readonly Readonly<OutputItem>[];
  readonly offset: number;
  readonly yields: readonly number[];
  readonly notices: readonly string[];
  readonly pending: { readonly calls: readonly string[] };
  readonly end?: {
    readonly kind: 'completed' | 'failed';
    readonly error?: { readonly code: string; readonly text: string };
    readonly writes: Readonly<Record<string, unknown>>;
  };
}

export type Command =
  /** The first batch of a log. `cwd`: where agents work that say nothing else. */
  | ({
      readonly do: 'open';
      readonly fleetId: string;
      readonly cwd: string;
      readonly file: Omit<FleetFile, 'roots'> & { readonly roots: readonly RootGiven[] };
    } & EngineLife)
  /** Each later start. */
  | ({ readonly do: 'start'; readonly identity?: IdentitySeen } & EngineLife)
  | { readonly do: 'stopProcesses' }
  | { readonly do: 'stop'; readonly reason: string }
  | ({ readonly do: 'spawnRoot'; readonly cwd: string } & RootGiven)
  /** A client outside acts as the root of this name, or as the first of NAME2, NAME3 … that nobody acts as. */
  | {
      readonly do: 'joinClient';
      readonly connectionId: string;
      readonly name: string;
      /** What it says it is. */
      readonly software: string;
      readonly version?: string;
      /** What answers for the agents it spawns, where it is a new root. */
      readonly model?: string;
      /** What its model can be asked on behalf of agents; absent: nothing. */
      readonly sampling?: Offer;
      readonly cwd: string;
    }
  | (OfClient & { readonly do: 'leaveClient'; readonly reason: string })
  | (OfClient & { readonly do: 'callTool'; readonly call: string; readonly tool: string; readonly args: unknown })
  | (OfClient & { readonly do: 'cancelCall'; readonly call: string })
  | { readonly do: 'send'; readonly target: string; readonly text: string; readonly followup?: boolean }
  | { readonly do: 'interrupt'; readonly target: string; readonly cascade?: boolean }
  | { readonly do: 'close'; readonly target: string; readonly reason?: string }
  | { readonly do: 'evict'; readonly target: string }
  /** `reason`: for the model, with `deny`. */
  | {
      readonly do: 'answerApproval';
      readonly approvalId: string;
      readonly answer: ApprovalAnswer;
      readonly reason?: string;
      /** The client through which the person has answered. */
      readonly through?: string;
    }
  | { readonly do: 'detach'; readonly target: string }
  /** `only`: these processes of the agent; absent: all that are detached. */
  | { readonly do: 'reattach'; readonly target: string; readonly only?: readonly number[] }
  /** Ends the detached processes of one agent, or of all. */
  | { readonly do: 'clean'; readonly target?: string }
  | { readonly do: 'stopProcess'; readonly processId: number }
  | { readonly do: 'changeBudget'; readonly given: BudgetGiven }
  | { readonly do: 'changeLimits'; readonly limits: Readonly<Record<string, unknown>> }
  | {
      readonly do: 'forget';
      readonly payloads: readonly Payload[];
      /** Whose they are, when they are all of an agent's. */
      readonly agentId?: AgentId;
      readonly reason: string;
    }
  | (OfTurn & {
      readonly do: 'sampled';
      readonly n: number;
      readonly items: readonly Item[];
      readonly usage?: Usage;
    })
  | (OfTurn & {
      readonly do: 'samplingFailed';
      readonly n: number;
      readonly error: string;
      readonly retryable: boolean;
      /** The server asked for this pause. */
      readonly retryAfterMs?: number;
      /** The history is too long for the model. */
      readonly overflow?: boolean;
    })
  /** The sampling asked for a summary, and this is it. */
  | (OfTurn & { readonly do: 'compacted'; readonly n: number; readonly summary: string; readonly usage?: Usage })
  /** A sampling would begin, and the budget is spent. */
  | (OfTurn & { readonly do: 'budgetSpent'; readonly n: number })
  /** Decides the next call of the newest list. */
  | (OfTurn & { readonly do: 'carryOut' })
  | (OfCall & { readonly do: 'waitExpired' })
  /** A call that was carried out outside has ended. */
  | (OfCall & CallEnd & { readonly do: 'endCall' })
  | {
      readonly do: 'createCell';
      readonly target: string;
      readonly source: string;
      readonly policy: CellPolicy;
      /** Names of tools; absent: all. */
      readonly tools?: readonly string[];
    }
  /** Reports of the sandbox, the first of them number `from`. `resumed`: the generation from which it has gone on. */
  | (OfCell & {
      readonly do: 'cellDrained';
      readonly from: number;
      readonly drains: readonly DrainReport[];
      readonly resumed?: number;
    })
  /** Decides the first call of a cell that is not decided yet. */
  | (OfCell & { readonly do: 'carryOutCell' })
  | (OfCell & { readonly do: 'fireTimers' })
  | (OfCell & { readonly do: 'observeFrontier'; readonly generation: number; readonly reader: string })
  | (OfCell & { readonly do: 'resumeCell'; readonly generation: number })
  | (OfCell & { readonly do: 'resumeFailed'; readonly generation: number; readonly reason: string })
  | (OfCell & { readonly do: 'terminateCell'; readonly reason?: string })
  | (OfCell & {
      readonly do: 'cellLost';
      readonly reason: string;
      readonly difference?: {
        readonly drain: number;
        readonly what: string;
        readonly recorded: string;
        readonly found: string;
      };
    })
  | { readonly do: 'loadFailed'; readonly agentId: string; readonly error: string }
  | ({ readonly do: 'workspaceMade' } & OfWorkspace & {
        readonly path: string;
        readonly base: string;
        readonly cwd: string;
      })
  | ({ readonly do: 'workspaceFailed' } & OfWorkspace & { readonly error: string })
  | ({ readonly do: 'workspaceReleased' } & OfWorkspace & {
        readonly outcome: 'removed' | 'kept';
        readonly why: string;
      })
  | { readonly do: 'unloadAbandoned'; readonly agentId: string; readonly afterMs: number }
  | {
      readonly do: 'processStarted';
      readonly processId: number;
      readonly pid: number;
      readonly group: number;
      readonly startTime: number;
      readonly bootId: string;
    }
  | { readonly do: 'launchFailed'; readonly processId: number; readonly error: string }
  | {
      readonly do: 'processWritten';
      readonly processId: number;
      readonly requestId: string;
      readonly bytes: number;
      readonly hash: string;
      readonly writtenBy: string;
    }
  | { readonly do: 'processTyped'; readonly processId: number; readonly typed: Typed }
  | { readonly do: 'processEnded'; readonly processId: number; readonly exit: Exit }
  | { readonly do: 'processLost'; readonly processId: number; readonly reason: string; readonly wasAlive: boolean }
  /** `key`: of the registration; `accountNow`: the account when the answer came. */
  | {
      readonly do: 'identityRegistered';
      readonly key: string;
      readonly runtimeId: string;
      readonly accountId: string;
      readonly publicKey: string;
      readonly accountNow: string;
    }
  | { readonly do: 'identityRegistrationFailed'; readonly key: string; readonly error: string }
  /** Met by a registration for this agent, or by its turn. */
  | {
      readonly do: 'identityLost';
      readonly identityEpoch: number;
      readonly reason: IdentityLossReason;
      readonly error: string;
      readonly agentId: string;
      readonly turnId?: string;
    }
  | {
      readonly do: 'taskRegistered';
      readonly agentId: string;
      readonly key: string;
      readonly taskId: string;
      readonly accountNow: string;
      /** Milliseconds since 1970. */
      readonly expiresAt?: number;
    }
  /** `rejected`: the registrar does not take the identity any more. */
  | {
      readonly do: 'taskRegistrationFailed';
      readonly agentId: string;
      readonly key: string;
      readonly error: string;
      readonly rejected: boolean;
    }
  | ({ readonly do: 'taskExpired' } & OfTask)
  | ({ readonly do: 'taskRejected'; readonly n: number; readonly error: string } & OfTurn & OfTask)
  | ({ readonly do: 'renewTask' } & OfTask)
  | { readonly do: 'unbind'; readonly target: string };

export type CommandOf<D extends Command['do']> = Extract<Command, { readonly do: D }>;
