/** LevelDB as the log uses it: raw keys and values, and iterators that read ahead. */
import { ClassicLevel } from 'classic-level';
import { Failure } from '../failure.ts';

export type Store = ClassicLevel<Buffer, Buffer>;

/**
 * What LevelDB holds in memory and in its write-ahead file before it writes a table. Recovery after a kill reads it
 * twice (first a private copy of it), so it bounds the time of `resume`; a larger one only smooths the writes.
 */
const writeBufferBytes = 8 * 2 ** 20;

export async function openStore(path: string, options: { readonly create: boolean }): Promise<Store> {
  const store: Store = new ClassicLevel(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
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
