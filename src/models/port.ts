/** The model port: who answers for an agent. One sampling takes the history and gives items, or fails, or hangs until aborted. */
import type { Usage } from '../../events/turn.ts';
import type { HistoryItem } from '../../projections/history.ts';

export type ModelItem =
  | { say: string; phase?: string }
  /** Goes back to the model in its place: `sealed` as it came, `name` as it was called there. */
  | { reasoning: string; sealed?: string; name?: string }
  | {
      call: string;
      id: string;
      args: unknown;
      /** Why the arguments cannot be used; the call ends as an error with this text. */
      invalid?: string;
      delayMs?: number;
    }
  | { exec: string; id: string };

export interface Sampling {
  readonly agentId: string;
  /** `/root/builder`, within its own tree. */
  readonly path: string;
  readonly rootName: string;
  readonly rootId: string;
  readonly turnId: string;
  /** Samplings of the agent that have ended so far, plus 1 (TU8): what has this number is asked for until it has an end in the log. */
  readonly n: number;
  /** Of the newest item of the history: the same for a sampling that is asked for again. */
  readonly position: number;
  /** Name of the model in the fleet file. */
  readonly model: string;
  readonly effort?: string;
  readonly cwd: string;
  readonly role?: string;
  /** What the role adds to what every agent is told. */
  readonly instructions?: string;
  /** `summary`: the history is the older part of one that is too long; what is said takes its place (TU4). */
  readonly purpose: 'turn' | 'summary';
  /** Of a summary: how many samplings in a row have found the history too long. Else 0. */
  readonly overflows: number;
  readonly history: readonly HistoryItem[];
  /** For outgoing requests, when the agent is bound to a task: `AgentAssertion` (TB6). Secret: never to be kept or told. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Code of the `Failure` by which a model says that the history is too long for it: it is asked for a summary then. */
export const overflowCode = 'HOLDFAST_CONTEXT_OVERFLOW';

/** Code of the `Failure` by which a model says that the task it was shown was not taken (401, 403): another is registered, once. */
export const taskRejectedCode = 'HOLDFAST_TASK_REJECTED';

export interface Sampled {
  readonly items: readonly ModelItem[];
  readonly usage?: Usage;
}

export interface Model {
  /**
   * Rejects when `signal` is aborted, with the signal's reason, and with a `Failure` when the model fails;
   * `details.retryAfterMs` of one that is `retryable`: the server asks for so long a pause.
   * `hear`: called with each piece of text that the model says, for display; what counts is the whole answer.
   */
  sample(request: Sampling, signal: AbortSignal, hear?: (delta: string) => void): Promise<Sampled>;
  /** The agent is unloaded: lets go of what is kept for it. */
  release?(agentId: string): Promise<void>;
}
