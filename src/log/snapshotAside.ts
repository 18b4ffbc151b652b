/** A snapshot beside a log whose owner goes on: folded from a private copy of what is durable. */
import { folderOf } from './folder.ts';
import { openLevelReader } from './levelReader.ts';
import type { LogReader, Snapshot } from './port.ts';
import type { Touches } from './postings.ts';
import { writeSnapshot } from './snapshots.ts';

/** `fold` makes the state of a log, with its hash and version. */
export async function snapshotAside(
  dir: string,
  touches: Touches,
  fold: (log: LogReader) => Promise<Omit<Snapshot, 'hash'>>,
): Promise<void> {
  const log = await openLevelReader(dir, { touches, whileOwned: true });
  try {
    const { hash } = log.synced();
    await writeSnapshot(folderOf(dir).snapshots, { ...(await fold(log)), hash });
  } finally {
    await log.close();
  }
}
