/** The model port: who answers for an agent. One sampling takes the history and gives items, or fails, or hangs until aborted. */
import type { HistoryItem } from '../../projections/history.ts';

export type ModelItem =
  | { say: string }
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
  /** ModelSampled + SamplingEnded of the agent so far, plus 1 (TU8). */
  readonly n: number;
  readonly model: string;
  readonly effort?: string;
  readonly history: readonly HistoryItem[];
  /** For outgoing requests, when the agent is bound to a task: `AgentAssertion` (TB6). Secret: never to be kept or told. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Code of the `Failure` by which a model says that the task it was shown was not taken (401, 403): another is registered, once. */
export const taskRejectedCode = 'HOLDFAST_TASK_REJECTED';

export interface Sampled {
  readonly items: readonly ModelItem[];
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
}

export interface Model {
  /** Rejects when `signal` is aborted, with the signal's reason, and with a `Failure` when the model fails. */
  sample(request: Sampling, signal: AbortSignal): Promise<Sampled>;
  /** The agent is unloaded: lets go of what is kept for it. */
  release?(agentId: string): Promise<void>;
}
