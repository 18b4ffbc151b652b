/** The log a verb reads: through its owner while one lives, else on a private copy. The verbs do not see which. */
import { existsSync } from 'node:fs';
import type { State } from '../../projections/state.ts';
import { foldLog } from '../engine/fold.ts';
import { touches } from '../engine/touches.ts';
import { Failure } from '../failure.ts';
import { folderOf, refuseStrangers } from '../log/folder.ts';
import { readHead } from '../log/headFile.ts';
import { empty, openLevelReader } from '../log/levelReader.ts';
import { ownerOf } from '../log/owner.ts';
import type { LogReader } from '../log/port.ts';
import { OwnerClient } from '../serve/client.ts';
import { RemoteReader } from '../serve/remoteReader.ts';

/** Owners may come and go while we look; more changes than this are no coincidence. */
const attemptsMax = 5;

/** The living owner of a folder that may be missing. */
export function clientOf(dir: string): OwnerClient | undefined {
  refuseStrangers(dir);
  if (!existsSync(dir)) return undefined;
  const owner = ownerOf(dir);
  return owner && new OwnerClient(dir, owner);
}

/** A folder, a missing one included, that no fleet was ever opened in (LO9). */
export function holdsNoLog(dir: string): boolean {
  const head = readHead(folderOf(dir).head);
  return head === 'none' || (head !== 'bad' && head.position === 0);
}

/** For verbs that open a log for writing, which would make one. */
export function refuseNoLog(dir: string): void {
  refuseStrangers(dir);
  if (holdsNoLog(dir)) throw empty(dir);
}

export async function openAnyReader(dir: string): Promise<LogReader> {
  for (let attempt = 1; ; attempt++) {
    const client = clientOf(dir);
    const remote = client && (await RemoteReader.open(client));
    if (remote !== undefined) {
      if (remote.synced().position === 0) throw empty(dir);
      return remote;
    }
    try {
      return await openLevelReader(dir, { touches });
    } catch (error) {
      // Somebody has taken it since we looked.
      if (!(error instanceof Failure) || error.code !== 'HOLDFAST_LOG_LOCKED' || attempt === attemptsMax) throw error;
    }
  }
}

export async function reading<T>(dir: string, body: (log: LogReader) => Promise<T>): Promise<T> {
  const log = await openAnyReader(dir);
  try {
    return await body(log);
  } finally {
    await log.close();
  }
}

/** A position that the log has. */
export function within(log: LogReader, position: number | undefined): number {
  const last = log.synced().position;
  if (position === undefined) return last;
  if (position <= last) return position;
  throw new Failure('HOLDFAST_NO_SUCH_POSITION', `the log ends at position ${last}, before ${position}`, {
    remedy: `name a position from 1 to ${last}`,
    details: { position, last },
  });
}

/** What is true in a log now. */
export const stateAt = (dir: string): Promise<State> => reading(dir, (log) => foldLog(log));
