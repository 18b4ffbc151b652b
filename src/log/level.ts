/**
 * The durable log: frames in LevelDB, HEAD beside it, one writer. Opening checks a private copy first, so that a
 * damaged log is neither recovered nor shortened by LevelDB (LO4).
 */
import { mkdirSync } from 'node:fs';
import type { Envelope } from '../../events/envelope.ts';
import { Failure } from '../failure.ts';
import { writeBlobs } from './blobs.ts';
import { getCache, putCache } from './caches.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { Committer, type Sink } from './committer.ts';
import { type Folder, folderOf, isReadOnlyError, readOnly, refuseReadOnly, refuseStrangers } from './folder.ts';
import { encodeFrame, frameKey, rowOf } from './frame.ts';
import { lastFrame } from './frames.ts';
import { HeadFile, type HeadMark } from './headFile.ts';
import { openLook } from './look.ts';
import type { Span } from './merging.ts';
import { checkOpening, emptyOpening, type Opening } from './opening.ts';
import { claim, locked, ownerOf } from './owner.ts';
import type { Batch, BlobContent, Head, Log, Snapshot } from './port.ts';
import type { Touches } from './postings.ts';
import { StoredReader } from './reader.ts';
import { headOf, type Sealed, type Tip } from './sealed.ts';
import { writeSnapshot } from './snapshots.ts';
import { isLocked, openStore, type Store } from './store.ts';
import { Tail } from './tail.ts';
import { isDiskFull, writeFailed } from './writeFailed.ts';

export interface LevelOptions {
  /** Index keys of an event beyond its stream, for example `agent/<id>`. */
  readonly touches: Touches;
  /** How others reach this process; shown to a second writer. */
  readonly owner?: { readonly socket?: string };
  /** Events between two checkpoints. */
  readonly checkpointEvery?: number;
}

/**
 * A checkpoint writes one record for each stream and agent that something happened to, so larger ones are cheaper per
 * event; opening reads what comes after the last one, and this many events take it about 20 ms.
 */
const checkpointEveryDefault = 16_384;

/** As many small frames since the last checkpoint leave enough behind to be tidied up. */
const smallFramesMax = 1024;

/** Microtasks first, so that all who waited for a group, and everything they call, can append to the next one. */
const soon = (flush: () => void): void => queueMicrotask(() => process.nextTick(flush));

class LevelLog extends StoredReader implements Log, Sink {
  readonly #committer: Committer;
  readonly #head: HeadFile;
  readonly #release: () => void;
  readonly #touches: Touches;
  readonly #checkpointEvery: number;
  #named: boolean;
  /** Synced events that are not in the index yet: they are added while the next group is being written. */
  #unindexed: Pick<Sealed, 'events' | 'texts'>[] = [];
  #spans: Span[];
  #checkpoint: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    folder: Folder,
    store: Store,
    opening: Opening,
    head: HeadFile,
    options: LevelOptions,
    release: () => void,
  ) {
    super(folder, store, opening);
    this.#committer = new Committer(this, opening.tip, opening.fleetId, soon);
    this.#head = head;
    this.#touches = options.touches;
    this.#checkpointEvery = options.checkpointEvery ?? checkpointEveryDefault;
    this.#spans = opening.spans;
    this.#release = release;
    this.#named = opening.tip.position > 0;
  }

  override get fleetId(): string | undefined {
    return this.#committer.fleetId;
  }

  protected override get syncedTip(): Tip {
    return this.#committer.synced;
  }

  head(): Head {
    return headOf(this.#committer.tip);
  }

  append(batch: Batch): Promise<void> {
    if (this.#closed !== undefined) throw new Failure('HOLDFAST_LOG_CLOSED', 'the log has been closed');
    return this.#committer.append(batch);
  }

  flush(): Promise<void> {
    return this.#committer.flush();
  }

  follow(listener: (events: readonly Envelope[]) => void): () => void {
    return this.#committer.follow(listener);
  }

  write(sealed: readonly Sealed[], blobs: readonly BlobContent[]): Promise<void> {
    const writing =
      blobs.length === 0 ? this.#put(sealed) : writeBlobs(this.folder.blobs, blobs).then(() => this.#put(sealed));
    // The disk is busy now, and this thread is not.
    this.index();
    return writing;
  }

  #put(sealed: readonly Sealed[]): Promise<void> {
    if (sealed.length === 1) return this.store.put(frameKey(sealed[0]!.first), frameOf(sealed[0]!), { sync: true });
    return this.store.batch(
      sealed.map((frame) => ({ type: 'put', key: frameKey(frame.first), value: frameOf(frame) })),
      { sync: true },
    );
  }

  written(sealed: readonly Sealed[]): void {
    const { tip } = sealed[sealed.length - 1]!;
    for (const { first, epoch, events, texts } of sealed) {
      this.#unindexed.push({ events, texts });
      this.#spans.push({ first, count: events.length, epoch });
    }
    this.#head.write(this.#mark(tip));
    if (!this.#named) {
      // From now on a store that was lost as a whole is known to have held something.
      this.#head.syncNow();
      this.#named = true;
    }
    if (tip.position - this.checkpointAt >= this.#checkpointEvery && this.#checkpoint === undefined) {
      // The tip becomes the synced one when this call returns.
      queueMicrotask(() => this.checkpoint().catch((error: unknown) => this.#committer.fail(error)));
    }
  }

  #mark(tip: Tip): HeadMark {
    return { ...tip, fleetId: this.#committer.fleetId! };
  }

  protected override index(): void {
    const pages = this.#unindexed;
    if (pages.length === 0) return;
    this.#unindexed = [];
    for (const { events, texts } of pages) this.tail.add(events, this.#touches, texts);
  }

  /** Stores the index, merges small frames and syncs HEAD; appends go on beside it. */
  checkpoint(): Promise<void> {
    this.#checkpoint ??= this.#store().finally(() => {
      this.#checkpoint = undefined;
    });
    return this.#checkpoint;
  }

  async #store(): Promise<void> {
    const tip = this.#committer.synced;
    if (tip.position === this.checkpointAt) return;
    this.index();
    const tail = this.tail;
    const spans = this.#spans;
    this.storing = tail;
    this.tail = new Tail(tip.position + 1);
    this.#spans = [];
    // HEAD first: a durable checkpoint is never ahead of a durable HEAD.
    await this.#head.sync();
    const { position, seal } = tip;
    await writeCheckpoint(this.store, tail, spans, { position, seal, fleetId: this.#committer.fleetId! });
    this.storing = undefined;
    this.checkpointAt = position;
    if (spans.length >= smallFramesMax) await this.#tidy(spans[0]!.first, position);
  }

  /** LevelDB keeps what was merged away until it happens to compact: then a quiet log takes three times its size. */
  async #tidy(first: number, last: number): Promise<void> {
    // A store that cannot be tidied shows at its next write.
    await this.store.compactRange(frameKey(first), frameKey(last + 1)).catch(() => {});
  }

  putSnapshot(snapshot: Snapshot): Promise<void> {
    return writeSnapshot(this.folder.snapshots, snapshot);
  }

  putCache(name: string, content: Uint8Array): Promise<void> {
    return putCache(this.folder.caches, name, content);
  }

  getCache(name: string): Promise<Uint8Array | undefined> {
    return getCache(this.folder.caches, name);
  }

  override close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      // A failed log is closed as it is; whoever appended has been told.
      await this.#committer.flush().catch(() => {});
      await this.#checkpoint?.catch(() => {});
      if (this.#committer.failure === undefined) {
        await this.checkpoint();
        await this.#head.sync();
      }
    } catch (error) {
      // Everything that was acknowledged is durable; the next opening reads more of it.
      throw error instanceof Failure ? error : writeFailed(error);
    } finally {
      await this.store.close();
      this.#head.close();
      this.#release();
    }
  }
}

function frameOf({ first, epoch, sizes, prev, tip, events, texts }: Sealed): Buffer {
  const rows = events.map((event) => rowOf(event, texts?.get(event.position)));
  return encodeFrame({ first, epoch, sizes, rows, prev, seal: tip.seal });
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

export async function openLevelLog(dir: string, options: LevelOptions): Promise<LevelLogPort> {
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
      const head = HeadFile.open(folder.head);
      return new LevelLog(folder, store, opening, head, options, release);
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

/** The log of a living owner, with what only this adapter has. */
export interface LevelLogPort extends Log {
  checkpoint(): Promise<void>;
}
