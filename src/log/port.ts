/**
 * The log port: an append-only sequence of events in atomic, hash-chained batches, with one writer.
 * Adapters: `level.ts` (LevelDB, durable) and `memory.ts`; both pass `src/contract/log.ts`.
 */
import type { Envelope, Hashed } from '../../events/envelope.ts';

export interface Head {
  /** Position of the last event; 0 for an empty log. */
  readonly position: number;
  /** Hex SHA-256 of the last batch; of the genesis text when empty. */
  readonly hash: string;
  readonly at: number;
  readonly epoch: number;
}

/** A string too large for an event: its content is synced beside the log before the batch that names it. */
export interface BlobContent {
  readonly sha256: string;
  readonly content: Uint8Array;
}

export interface Batch {
  /** The head this batch was decided on: position of the last event appended before it (LO2). */
  readonly expected: number;
  readonly epoch: number;
  readonly events: readonly Envelope[];
  readonly blobs?: readonly BlobContent[];
}

export interface Snapshot {
  readonly stateVersion: number;
  readonly position: number;
  /** Chain hash at `position`. */
  readonly hash: string;
  /** SHA-256 of the RFC 8785 JSON of the state, hex. */
  readonly stateHash: string;
  readonly state: unknown;
}

export interface LogReader {
  readonly fleetId: string | undefined;
  /** Last event that is durable and readable. */
  synced(): Head;
  /** Pages of events in order, `from`..`to` inclusive, synced ones only. Verifies each stored frame and its link. Throws HOLDFAST_LOG_DAMAGED with the first bad position. */
  read(range?: { readonly from?: number; readonly to?: number }): AsyncIterable<readonly Envelope[]>;
  /** As `read`, each last event of a batch with its `hash`. */
  readHashed(range?: { readonly from?: number; readonly to?: number }): AsyncIterable<readonly Hashed[]>;
  /** Events of one stream, in order, without a scan of the log. */
  readStream(
    stream: string,
    range?: { readonly from?: number; readonly to?: number },
  ): AsyncIterable<readonly Envelope[]>;
  /** Events that touch one agent (see `agentsOf`), in order, without a scan of the log. */
  readAgent(
    agentId: string,
    range?: { readonly from?: number; readonly to?: number },
  ): AsyncIterable<readonly Envelope[]>;
  /** Content of a blob; throws HOLDFAST_PAYLOAD_FORGOTTEN after `forget`, HOLDFAST_LOG_DAMAGED when it is missing or does not match. */
  blob(sha256: string): Promise<Uint8Array>;
  /** Newest usable snapshot of this stateVersion at or before `atMost`; checksum and chain hash are checked, a bad one is skipped. */
  snapshot(stateVersion: number, atMost?: number): Promise<Snapshot | undefined>;
  close(): Promise<void>;
}

export interface Log extends LogReader {
  /** Last event appended, synced or not. */
  head(): Head;
  /**
   * Queues a batch for the next group commit. Throws HOLDFAST_LOG_FENCED at once on a stale head or an older epoch, and
   * nothing is written. Resolves when the batch is durable; after a failed write every pending and later append
   * rejects with HOLDFAST_LOG_WRITE_FAILED.
   */
  append(batch: Batch): Promise<void>;
  /** Resolves when everything appended so far is durable. */
  flush(): Promise<void>;
  /** Called after each group commit with the durable events, in order. Returns the unsubscribe function. */
  follow(listener: (events: readonly Envelope[]) => void): () => void;
  /** Removes the content of a blob for good; the events that name it stay. The fact that says why is appended first, by whoever asks. */
  forget(sha256: string): Promise<void>;
  /** A cache beside the log (LO6); may be lost at any time. */
  putSnapshot(snapshot: Snapshot): Promise<void>;
  /** A cache of any bytes by name, with its own checksum; may be lost at any time. */
  putCache(name: string, content: Uint8Array): Promise<void>;
  getCache(name: string): Promise<Uint8Array | undefined>;
}

/** Where values that look like secrets lie: beside the log, never in it. */
export interface SecretStore {
  /** The name of a value, durable before it is given: the same value has the same name, a new one a number above `above`. */
  keep(value: string, above: number): string;
  /** The value, or undefined where it is gone. */
  value(name: string): string | undefined;
}
