/** The envelope of every event: where it stands in the log, in its batch and in its stream, and what led to it. */

/** What a decision says happened, before the log gives it a place. */
export interface Fact<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

export interface Envelope<Type extends string = string, Data = unknown> extends Fact<Type, Data> {
  /** Index in the log: 1, 2, 3 … without holes. */
  readonly position: number;
  /** Position of the first event of the batch this one landed with. */
  readonly batch: number;
  /** Place in the batch, from 0: `position = batch + index`. */
  readonly index: number;
  /** Number of events in the batch. */
  readonly of: number;
  /** Aggregate, for example `slot/01J…`. */
  readonly stream: string;
  /** Dense per stream, from 1. */
  readonly streamVersion: number;
  /** Schema version of this type. */
  readonly v: number;
  /** Milliseconds since 1970 from the clock port; never decreases. */
  readonly at: number;
  /** Number of the engine's life: +1 each time the log is opened for writing. */
  readonly epoch: number;
  /** `agent:<agentId>`, `operator` or `engine`. */
  readonly by: string;
  /** Position of the event that led to this one; 0 for none. */
  readonly cause: number;
}

/** An event as it is printed and exported: the last one of a batch carries the hash of the batch. */
export type Hashed<E extends Envelope = Envelope> = E & { readonly hash?: string };
