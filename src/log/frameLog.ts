/**
 * The log over a store: one frame per group commit, HEAD after it, and now and then a checkpoint. It is the same over
 * LevelDB and over the store of the simulated world.
 */
import type { Envelope } from '../../events/envelope.ts';
import { Failure } from '../failure.ts';
import type { Beside } from './beside.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { Committer, type Sink } from './committer.ts';
import { encodeFrame, frameKey, rowOf } from './frame.ts';
import type { HeadMark, HeadWriter } from './headSlots.ts';
import type { Span } from './merging.ts';
import type { Opening } from './opening.ts';
import type { Batch, BlobContent, Head, Log, Snapshot } from './port.ts';
import type { Touches } from './postings.ts';
import { StoredReader } from './reader.ts';
import { headOf, type Sealed, type Tip } from './sealed.ts';
import type { Store } from './store.ts';
import { Tail } from './tail.ts';
import { writeFailed } from './writeFailed.ts';

export interface FrameLogOptions {
  /** Index keys of an event beyond its stream, for example `agent/<id>`. */
  readonly touches: Touches;
  /** Events between two checkpoints. */
  readonly checkpointEvery?: number;
  /** Calls back when everything that is about to be appended has been. */
  readonly soon?: (flush: () => void) => void;
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

export class FrameLog extends StoredReader implements Log, Sink {
  readonly #committer: Committer;
  readonly #head: HeadWriter;
  readonly #touches: Touches;
  readonly #checkpointEvery: number;
  /** A durable HEAD names a position. */
  #named: boolean;
  /** Synced events that are not in the index yet: they are added while the next group is being written. */
  #unindexed: Pick<Sealed, 'events' | 'texts'>[] = [];
  #spans: Span[];
  #checkpoint: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  /** `opening`: what the check found that the store holds; `head` follows it. */
  constructor(beside: Beside, store: Store, opening: Opening, head: HeadWriter, options: FrameLogOptions) {
    super(beside, store, opening);
    this.#committer = new Committer(this, opening.tip, opening.fleetId, options.soon ?? soon);
    this.#head = head;
    this.#touches = options.touches;
    this.#checkpointEvery = options.checkpointEvery ?? checkpointEveryDefault;
    this.#spans = opening.spans;
    // Only a checkpoint is never ahead of a durable HEAD: a life may have died between a sync and HEAD.
    this.#named = opening.checkpoint.position > 0;
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
      blobs.length === 0 ? this.#put(sealed) : this.beside.writeBlobs(blobs).then(() => this.#put(sealed));
    // The disk is busy now, and this thread is not.
    this.index();
    return writing;
  }

  #put(sealed: readonly Sealed[]): Promise<void> {
    if (sealed.length === 1) return this.store.put(frameKey(sealed[0]!.first), frameOf(sealed[0]!), { sync: true });
    const batch = this.store.batch();
    for (const frame of sealed) batch.put(frameKey(frame.first), frameOf(frame));
    return batch.write({ sync: true });
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
    return this.beside.writeSnapshot(snapshot);
  }

  forget(sha256: string): Promise<void> {
    return this.beside.forgetBlob(sha256);
  }

  putCache(name: string, content: Uint8Array): Promise<void> {
    return this.beside.putCache(name, content);
  }

  getCache(name: string): Promise<Uint8Array | undefined> {
    return this.beside.getCache(name);
  }

  /** Nobody holds the store any more. */
  protected released(): void {}

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
      this.released();
    }
  }
}

function frameOf({ first, epoch, sizes, prev, tip, events, texts }: Sealed): Buffer {
  const rows = events.map((event) => rowOf(event, texts?.get(event.position)));
  return encodeFrame({ first, epoch, sizes, rows, prev, seal: tip.seal });
}
