/** The store below the log, which is LevelDB: raw keys and values, in order, and iterators that read ahead. */
import type { ClassicLevel } from 'classic-level';
import { Level } from 'level';
import { Failure } from '../failure.ts';

export interface StoreRange {
  readonly gte?: Buffer;
  readonly lt?: Buffer;
  readonly lte?: Buffer;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly highWaterMarkBytes?: number;
}

export interface Entries {
  nextv(size: number): Promise<[Buffer, Buffer][]>;
  all(): Promise<[Buffer, Buffer][]>;
  close(): Promise<void>;
}

/** Puts and deletions that land together or not at all. */
export interface Writes {
  put(key: Buffer, value: Buffer): unknown;
  del(key: Buffer): unknown;
  write(options: Synced): Promise<void>;
}

/** Resolves when it is durable: whatever is written before it is durable as well. */
export interface Synced {
  readonly sync: true;
}

/** What the log asks of a store; the simulated world has one of its own. */
export interface Store {
  get(key: Buffer): Promise<Buffer | undefined>;
  getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]>;
  put(key: Buffer, value: Buffer, options: Synced): Promise<void>;
  batch(): Writes;
  iterator(range: StoreRange): Entries;
  compactRange(from: Buffer, to: Buffer): Promise<void>;
  close(): Promise<void>;
}

/**
 * What LevelDB holds in memory and in its write-ahead file before it writes a table. Recovery after a kill reads it
 * twice (first a private copy of it), so it bounds the time of `resume`; a larger one only smooths the writes.
 */
const writeBufferBytes = 8 * 2 ** 20;

/** What `level` is on Node: its own types are only what all platforms share. */
export type LevelStore = ClassicLevel<Buffer, Buffer>;

export async function openStore(path: string, options: { readonly create: boolean }): Promise<LevelStore> {
  const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
  const store = new Level<Buffer, Buffer>(path, encodings) as unknown as LevelStore;
  await store.open({ createIfMissing: options.create, writeBufferSize: writeBufferBytes, maxFileSize: 8 * 2 ** 20 });
  return store;
}

/** Whether LevelDB refused to open because somebody holds its lock. */
export function isLocked(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as { readonly code?: string } | undefined) : undefined;
  return cause?.code === 'LEVEL_LOCKED' || (error as { readonly code?: string }).code === 'LEVEL_LOCKED';
}

/** The message behind LevelDB's own error, which only says that the database is not open. */
export function reasonOf(error: unknown): string {
  if (error instanceof Failure || !(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
