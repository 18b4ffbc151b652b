/** What lies where in the folder of a log, and which folders are none. */
import { accessSync, closeSync, constants, fsyncSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';

export interface Folder {
  readonly dir: string;
  readonly head: string;
  readonly db: string;
  readonly blobs: string;
  readonly snapshots: string;
  readonly caches: string;
  readonly owner: string;
}

export const folderOf = (dir: string): Folder => ({
  dir,
  head: join(dir, 'HEAD'),
  db: join(dir, 'db'),
  blobs: join(dir, 'blobs'),
  snapshots: join(dir, 'snapshots'),
  caches: join(dir, 'caches'),
  owner: join(dir, 'owner.json'),
});

/** The names of new files in it are durable when this returns. */
export function syncFolderNow(path: string): void {
  const folder = openSync(path, constants.O_RDONLY);
  fsyncSync(folder);
  closeSync(folder);
}

/** Folders that are there before the first event, whoever made them. */
const ours =
  /^(HEAD|db|blobs|snapshots|caches|owner\.json.*|\.look-.*|secrets.*|checkpoints|signing\.key|host.*|spool.*|mcp-token|.*\.sock|.*socket.*)$/;

/** Refuses what is there and is something else; a missing folder is fine. */
export function refuseStrangers(dir: string): void {
  const names = namesIn(dir);
  if (names === undefined) return;
  if (names.includes('HEAD') || names.includes('db')) return;
  const strangers = names.filter((name) => !ours.test(name)).slice(0, 10);
  if (strangers.length > 0) throw notALog(dir, `it holds ${strangers.slice(0, 3).join(', ')}`, strangers);
}

/** Undefined where there is nothing. */
function namesIn(dir: string): string[] | undefined {
  try {
    const there = statSync(dir, { throwIfNoEntry: false });
    if (there === undefined) return undefined;
    if (!there.isDirectory()) throw notALog(dir, 'it is no folder', []);
    return readdirSync(dir);
  } catch (error) {
    if (!isReadOnlyError(error)) throw error;
    throw new Failure('HOLDFAST_LOG_UNREADABLE', `the log ${dir} cannot be read by this user`, {
      remedy: 'be the user that the log belongs to',
      details: { dir },
      cause: error,
    });
  }
}

const notALog = (dir: string, why: string, found: readonly string[]): Failure =>
  new Failure('HOLDFAST_LOG_NOT_A_LOG', `${dir} is not a log: ${why}`, {
    remedy: 'name an empty or a new folder, or that of a log',
    details: { dir, found },
  });

export function refuseReadOnly(dir: string): void {
  try {
    accessSync(dir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw readOnly(dir, error);
  }
}

export const readOnly = (dir: string, cause: unknown): Failure =>
  new Failure('HOLDFAST_LOG_READ_ONLY', `the log ${dir} cannot be written`, {
    remedy: 'make the folder writable for this user, or use a verb that only reads',
    details: { dir },
    cause,
  });

export const isReadOnlyError = (error: unknown): boolean =>
  ['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException)?.code ?? '');
