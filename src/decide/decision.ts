/** What every decision is: facts to append as one batch and an answer, or a refusal that says why. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import type { DataOf, HoldfastFact } from '../../events/catalogue.ts';
import type { CellLimits } from '../../events/cell.ts';

/** Time, ids and who asks are parameters: the same state, command and context give the same facts. */
export interface Context {
  /** Milliseconds since 1970, never before the newest event. */
  readonly at: number;
  /** A new UUIDv7. */
  readonly id: <T extends string>() => T;
  /** `agent:<agentId>`, `operator` or `engine`. */
  readonly by: string;
  /** The host that would own a process started now. */
  readonly hostId: string;
  /** What a cell may use that is created now; absent: nobody counts. */
  readonly cellLimits?: CellLimits;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** What is recorded about the refusal. */
  readonly facts: readonly HoldfastFact[];
}

/** An agent that found a free slot: it is born with its grant, after the ends and answers that the rest of the batch leads to. */
export interface NewAgent {
  readonly spawned: DataOf<'AgentSpawned'>;
  readonly mail: DataOf<'MailAccepted'>;
}

export interface Decided<A = unknown> {
  readonly facts: readonly HoldfastFact[];
  readonly answer: A;
  readonly birth?: NewAgent;
  /** The same command has more to decide: on what this came to, and in the same batch as long as nothing else follows. */
  readonly again?: boolean;
}

export type Decision<A = unknown> = Either<Refusal, Decided<A>>;

export const decided = <A>(facts: readonly HoldfastFact[], answer: A, birth?: NewAgent): Decision<A> =>
  right(birth === undefined ? { facts, answer } : { facts, answer, birth });

export const refused = (
  code: string,
  message: string,
  remedy: string,
  more: { readonly details?: Record<string, unknown>; readonly facts?: readonly HoldfastFact[] } = {},
): Either<Refusal, never> =>
  left({ code, message, remedy, facts: more.facts ?? [], ...(more.details && { details: more.details }) });

/** A stale message about something that is over changes nothing: late results are dropped. */
export const dropped = <A>(answer: A): Decision<A> => decided([], answer);
