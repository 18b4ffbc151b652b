/**
 * The durable log: frames in LevelDB, HEAD beside it, one writer. Opening checks a private copy first, so that a
 * damaged log is neither recovered nor shortened by LevelDB (LO4).
 */
import { mkdirSync } from 'node:fs';
import { Failure } from '../failure.ts';
import { type Beside, besideIn } from './beside.ts';
import { type Folder, folderOf, isReadOnlyError, readOnly, refuseReadOnly, refuseStrangers } from './folder.ts';
import { FrameLog, type FrameLogOptions } from './frameLog.ts';
import { lastFrame } from './frames.ts';
import { openHead } from './headFile.ts';
import type { Head } from './headSlots.ts';
import { openLook } from './look.ts';
import { checkOpening, emptyOpening, type Opening } from './opening.ts';
import { claim, locked, ownerOf } from './owner.ts';
import type { Touches } from './postings.ts';
import { isLocked, openStore, type Store } from './store.ts';
import { isDiskFull, writeFailed } from './writeFailed.ts';

export interface LevelOptions extends FrameLogOptions {
  /** How others reach this process; shown to a second writer. */
  readonly owner?: { readonly socket?: string };
}

/** The log of a living owner. */
class LevelLog extends FrameLog {
  readonly #release: () => void;

  constructor(beside: Beside, store: Store, opening: Opening, head: Head, options: LevelOptions, release: () => void) {
    super(beside, store, opening, head, options);
    this.#release = release;
  }

  protected override released(): void {
    this.#release();
  }
}

/** The check on a private copy; the copy is gone when this returns. */
async function lookFirst(folder: Folder, touches: Touches): Promise<Opening> {
  const look = await openLook(folder);
  try {
    return look === undefined ? emptyOpening() : await checkOpening(look.store, look.head, touches);
  } finally {
    await look?.close();
  }
}

function unopened(dir: string, error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (isDiskFull(error)) return writeFailed(error);
  return isReadOnlyError(error) ? readOnly(dir, error) : error;
}

export async function openLevelLog(dir: string, options: LevelOptions): Promise<FrameLog> {
  const folder = folderOf(dir);
  let release: () => void;
  try {
    refuseStrangers(dir);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    refuseReadOnly(dir);
    release = claim(dir, options.owner?.socket);
  } catch (error) {
    throw unopened(dir, error);
  }
  try {
    for (const path of [folder.blobs, folder.snapshots, folder.caches])
      mkdirSync(path, { recursive: true, mode: 0o700 });
    const opening = await lookFirst(folder, options.touches);
    const store = await openStore(folder.db, { create: opening.tip.position === 0 });
    try {
      // Nobody wrote between the look and the lock of LevelDB.
      const last = await lastFrame(store);
      if ((last?.seal ?? opening.tip.seal) !== opening.tip.seal || (last?.last ?? 0) !== opening.tip.position)
        throw locked(dir, undefined);
      return new LevelLog(besideIn(folder), store, opening, openHead(folder.head), options, release);
    } catch (error) {
      await store.close();
      throw error;
    }
  } catch (error) {
    release();
    if (isLocked(error)) throw locked(dir, ownerOf(dir));
    throw unopened(dir, error);
  }
}
