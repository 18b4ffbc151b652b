/**
 * Group commit: batches are checked against the head and queued at once, one write is in flight, and everything that
 * is appended meanwhile goes into the next one. All batches of a group share one promise, as they share one sync.
 */
import type { Envelope } from '../../events/envelope.ts';
import { assert, Failure } from '../failure.ts';
import { genesis } from './chain.ts';
import type { Batch, BlobContent } from './port.ts';
import { fleetIdOf, Growing, type Sealed, type Tip } from './sealed.ts';
import { writeFailed } from './writeFailed.ts';

export { fleetIdOf } from './sealed.ts';

export interface Sink {
  /** Makes the group durable: blobs first, then all of `sealed` in one atomic write. */
  write(sealed: readonly Sealed[], blobs: readonly BlobContent[]): Promise<void>;
  /** Called when `write` has resolved, before anybody is told. */
  written(sealed: readonly Sealed[]): void;
}

interface Group {
  readonly sealed: Growing[];
  readonly blobs: BlobContent[];
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** From so many batches on, a write need not wait for what else may come. */
const crowd = 16;

function newGroup(): Group {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Every later append rejects as well, so nobody misses the failure by not waiting for this one.
  promise.catch(() => {});
  return { sealed: [], blobs: [], promise, resolve, reject };
}

export class Committer {
  readonly #sink: Sink;
  readonly #soon: (flush: () => void) => void;
  readonly #listeners = new Set<(events: readonly Envelope[]) => void>();
  readonly #waiting: Group[] = [];
  #writing: Group | undefined;
  #scheduled = false;
  /** Batches that wait for the next write, and those of the write before. */
  #batches = 0;
  #batchesBefore = 0;
  #appended: Tip;
  #synced: Tip;
  #failure: Failure | undefined;
  #fleetId: string | undefined;

  /** `soon` calls back when everything that is about to be appended has been. */
  constructor(sink: Sink, tip: Tip, fleetId: string | undefined, soon: (flush: () => void) => void) {
    this.#sink = sink;
    this.#soon = soon;
    this.#appended = this.#synced = tip;
    this.#fleetId = fleetId;
  }

  get fleetId(): string | undefined {
    return this.#fleetId;
  }

  /** Last event appended, synced or not. */
  get tip(): Tip {
    return this.#appended;
  }

  get synced(): Tip {
    return this.#synced;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  append(batch: Batch): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#check(batch);
    let group = this.#waiting[this.#waiting.length - 1];
    let frame = group?.sealed[group.sealed.length - 1];
    const fresh = group === undefined || frame === undefined || frame.full;
    if (fresh) group = newGroup();
    if (fresh || frame?.epoch !== batch.epoch) frame = new Growing(this.#appended, batch.epoch);
    // Sealing may refuse the data (a defect of the caller), so nothing is queued before it.
    frame!.add(batch);
    if (group!.sealed[group!.sealed.length - 1] !== frame) group!.sealed.push(frame!);
    if (fresh) this.#waiting.push(group!);
    if (batch.blobs !== undefined) group!.blobs.push(...batch.blobs);
    this.#appended = frame!.tip;
    this.#batches += 1;
    this.#schedule();
    // Half of a crowd is written while the other half is being decided: disk and engine work side by side.
    if (this.#batches >= crowd && this.#batches * 2 >= this.#batchesBefore && this.#writing === undefined)
      this.#flush();
    return group!.promise;
  }

  #check(batch: Batch): void {
    const { position, at, epoch } = this.#appended;
    const { events } = batch;
    if (batch.expected !== position || batch.epoch < epoch) {
      throw new Failure(
        'HOLDFAST_LOG_FENCED',
        `the batch was decided on position ${batch.expected} in epoch ${batch.epoch}, but the log is at ${position} in epoch ${epoch}`,
        { remedy: 'another engine went on with this log; stop this one', details: { position, epoch } },
      );
    }
    assert(events.length > 0, 'a batch has at least one event');
    const first = position + 1;
    let latest = at;
    for (let i = 0; i < events.length; i++) {
      const e = events[i]!;
      assert(
        e.position === first + i && e.batch === first && e.index === i && e.of === events.length,
        'positions are dense',
      );
      assert(e.epoch === batch.epoch && e.at >= latest, 'at and epoch never decrease');
      assert(e.stream.isWellFormed() && e.by.isWellFormed() && e.type.isWellFormed(), 'names are well-formed Unicode');
      latest = e.at;
    }
    if (position === 0 && this.#fleetId === undefined) {
      const fleetId = fleetIdOf(events[0]!);
      assert(fleetId !== undefined, 'the first event of a log names its fleetId');
      this.#fleetId = fleetId;
      this.#appended = { ...this.#appended, seal: genesis(fleetId) };
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing !== undefined || this.#waiting.length === 0) return;
    this.#scheduled = true;
    this.#soon(this.#flush);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    if (this.#writing !== undefined) return;
    const group = this.#waiting.shift();
    if (group === undefined) return;
    this.#batchesBefore = this.#batches;
    this.#batches = 0;
    this.#writing = group;
    let writing: Promise<void>;
    try {
      writing = this.#sink.write(group.sealed, group.blobs);
    } catch (error) {
      this.fail(error);
      return;
    }
    writing.then(
      () => this.#done(group),
      (error) => this.fail(error),
    );
  };

  #done(group: Group): void {
    if (this.#failure !== undefined) return;
    try {
      this.#sink.written(group.sealed);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#synced = group.sealed[group.sealed.length - 1]!.tip;
    this.#writing = undefined;
    group.resolve();
    // Those who waited for this group append now: they and who came meanwhile go into the next one together.
    this.#schedule();
    for (const { events } of group.sealed) for (const listener of this.#listeners) listener(events);
  }

  /** The log has failed for good: every pending and later append is refused. */
  fail(cause: unknown): void {
    this.#failure ??= writeFailed(cause);
    this.#writing?.reject(this.#failure);
    for (const group of this.#waiting.splice(0)) group.reject(this.#failure);
  }

  flush(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return (this.#waiting[this.#waiting.length - 1] ?? this.#writing)?.promise ?? Promise.resolve();
  }

  follow(listener: (events: readonly Envelope[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
