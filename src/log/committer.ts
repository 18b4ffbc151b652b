/**
 * Group commit: batches are checked against the head and queued at once, one write is in flight, and everything that
 * is appended meanwhile goes into the next one. All batches of a group share one promise, as they share one sync.
 */
import type { Envelope } from '../../events/envelope.ts';
import { assert, Failure } from '../failure.ts';
import { genesis, hexOf, type Seal, Sealer } from './chain.ts';
import type { Batch, BlobContent, Head } from './port.ts';

export interface Tip {
  readonly position: number;
  readonly seal: Seal;
  readonly at: number;
  readonly epoch: number;
}

/** Consecutive batches of one epoch with their seals: what becomes one frame. */
export interface Sealed {
  readonly first: number;
  readonly epoch: number;
  readonly events: readonly Envelope[];
  readonly sizes: readonly number[];
  /** Seal of each batch. */
  readonly seals: readonly Seal[];
  readonly prev: Seal;
  readonly tip: Tip;
  /** Canonical texts of data that does not survive packing, by position. */
  readonly texts: ReadonlyMap<number, string> | undefined;
}

export interface Sink {
  /** Makes the group durable: blobs first, then all of `sealed` in one atomic write. */
  write(sealed: readonly Sealed[], blobs: readonly BlobContent[]): Promise<void>;
  /** Called when `write` has resolved, before anybody is told. */
  written(sealed: readonly Sealed[]): void;
}

/** A frame that still grows. */
class Growing implements Sealed {
  readonly first: number;
  readonly epoch: number;
  readonly events: Envelope[] = [];
  readonly sizes: number[] = [];
  readonly seals: Seal[] = [];
  readonly prev: Seal;
  texts: Map<number, string> | undefined;
  tip: Tip;
  readonly #sealer: Sealer;
  #length = 0;

  constructor(tip: Tip, epoch: number) {
    this.first = tip.position + 1;
    this.epoch = epoch;
    this.prev = tip.seal;
    this.tip = tip;
    this.#sealer = new Sealer(tip.seal, (event, text, data) => {
      this.#length += text.length;
      if (data === undefined || data.value === event.data) {
        this.events.push(event);
        return;
      }
      // Those who follow the log see what is read back: keys in canonical order, and only what the text says.
      this.events.push({ ...event, data: data.value });
      if (data.exact) return;
      this.texts ??= new Map();
      this.texts.set(event.position, data.text);
    });
  }

  get full(): boolean {
    return this.events.length >= frameEventsMax || this.#length >= frameTextMax;
  }

  add(batch: Batch): void {
    const { events } = batch;
    const { length } = this.events;
    let seal: Seal;
    try {
      seal = this.#sealer.add(events);
    } catch (error) {
      // Data without a canonical form is a defect of the caller: nothing of its batch stays.
      this.events.length = length;
      for (const { position } of events) this.texts?.delete(position);
      throw error;
    }
    this.sizes.push(events.length);
    this.seals.push(seal);
    const last = events[events.length - 1]!;
    this.tip = { position: last.position, seal, at: last.at, epoch: batch.epoch };
  }
}

interface Group {
  readonly sealed: Growing[];
  readonly blobs: BlobContent[];
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

// A frame is decoded as a whole, so it stays small beside the memory of who reads it.
const frameEventsMax = 4096;
const frameTextMax = 8 * 2 ** 20;

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

export const headOf = ({ position, seal, at, epoch }: Tip): Head => ({ position, hash: hexOf(seal), at, epoch });

export class Committer {
  readonly #sink: Sink;
  readonly #soon: (flush: () => void) => void;
  readonly #listeners = new Set<(events: readonly Envelope[]) => void>();
  readonly #waiting: Group[] = [];
  #writing: Group | undefined;
  #scheduled = false;
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
    this.#schedule();
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
    const group = this.#waiting.shift();
    if (group === undefined) return;
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

export function fleetIdOf(event: Envelope): string | undefined {
  const { fleetId } = (event.data ?? {}) as { readonly fleetId?: unknown };
  return typeof fleetId === 'string' ? fleetId : undefined;
}

export function writeFailed(cause: unknown): Failure {
  const text =
    cause instanceof Error
      ? `${cause.message}${cause.cause instanceof Error ? `: ${cause.cause.message}` : ''}`
      : String(cause);
  const full = /ENOSPC|no space left|EDQUOT|quota/i.test(text);
  return new Failure(
    'HOLDFAST_LOG_WRITE_FAILED',
    full ? `the disk is full: ${text}` : `the log could not be written: ${text}`,
    {
      remedy: full
        ? 'free space on the disk of the log, then `holdfast resume`: what was acknowledged is there'
        : 'mend the disk of the log, then `holdfast resume`: what was acknowledged is there',
      cause,
    },
  );
}
