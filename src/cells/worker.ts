/** One thread of the pool, seen from outside: the jobs it was given, and whether it gets on with them. */
import { Worker } from 'node:worker_threads';
import { cpuMsOf } from './cpuTime.ts';
import { claims, claimsMax, type FromThread, type Job, type Result, type ThreadData } from './jobs.ts';
import type { QuickJsModule } from './quickjs.ts';

/** It runs from the build, also when we are run from the sources. */
const program = new URL(
  import.meta.url.includes('/dist/') ? './thread.js' : '../../dist/src/cells/thread.js',
  import.meta.url,
);

/** `T`: what a job is for, for those who give jobs. */
export interface Outside<T> {
  result(thread: CellThread<T>, result: Result, about: T): void;
  ready(thread: CellThread<T>): void;
  /** It is gone, and nobody ended it. */
  lost(thread: CellThread<T>, error: unknown): void;
}

export class CellThread<T> {
  /** By claim, in the order in which they were given. */
  readonly jobs = new Map<number, T>();
  /** Since when it has had the job it has now, by `performance.now()`. */
  since = 0;
  /** Has been busy with one job for so long that it gets no other. */
  stuck = false;
  ready = false;
  readonly #thread: Worker;
  readonly #words: Int32Array;
  #threadId: string | undefined;
  /** Time of the processor when it was found stuck. */
  #cpuMs: number | undefined;
  #ended = false;
  #next = 0;
  /** Words of jobs that were taken back: nobody else's until the thread has come past them. */
  readonly #withdrawn = new Set<number>();

  constructor(module: QuickJsModule, outside: Outside<T>) {
    const shared = new SharedArrayBuffer(claimsMax * Int32Array.BYTES_PER_ELEMENT);
    this.#words = new Int32Array(shared);
    const workerData: ThreadData = { module, claims: shared };
    this.#thread = new Worker(program, { workerData });
    this.#thread.on('message', (message: FromThread) => {
      if (this.#ended) return;
      this.since = performance.now();
      if ('ready' in message) {
        this.ready = true;
        this.#threadId = message.threadId;
        if (this.jobs.size === 0) this.#thread.unref();
        outside.ready(this);
        return;
      }
      const about = this.jobs.get(message.claim)!;
      this.#free(message.claim);
      outside.result(this, message, about);
    });
    const gone = (error: unknown): void => {
      if (this.#ended) return;
      this.#ended = true;
      outside.lost(this, error);
    };
    this.#thread.once('error', gone);
    this.#thread.once('exit', (code) => gone(new Error(`the thread ended with code ${code}`)));
  }

  get room(): number {
    for (const claim of this.#withdrawn) {
      if (Atomics.load(this.#words, claim) === claims.none) this.#withdrawn.delete(claim);
    }
    return claimsMax - this.jobs.size - this.#withdrawn.size;
  }

  /** A word for a job; there has to be room. */
  claim(about: T): number {
    while (this.jobs.has(this.#next) || this.#withdrawn.has(this.#next)) this.#next = (this.#next + 1) % claimsMax;
    const claim = this.#next;
    this.#next = (claim + 1) % claimsMax;
    if (this.jobs.size === 0) {
      this.since = performance.now();
      this.#thread.ref();
    }
    this.jobs.set(claim, about);
    Atomics.store(this.#words, claim, claims.queued);
    return claim;
  }

  send(jobs: readonly Job[]): void {
    this.#thread.postMessage(jobs);
  }

  /** Takes a job back; false when it has begun. */
  withdraw(claim: number): boolean {
    if (Atomics.compareExchange(this.#words, claim, claims.queued, claims.withdrawn) !== claims.queued) return false;
    this.#withdrawn.add(claim);
    this.#free(claim);
    return true;
  }

  /** Has it given up where it is. */
  stop(claim: number): void {
    Atomics.compareExchange(this.#words, claim, claims.claimed, claims.stopped);
  }

  /** How long it has had its job, in ms of the processor where that can be told. */
  busyMs(now: number): number {
    const cpuMs = cpuMsOf(this.#threadId);
    if (cpuMs === undefined) return now - this.since;
    this.#cpuMs ??= cpuMs;
    return cpuMs - this.#cpuMs;
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#thread.terminate();
  }

  #free(claim: number): void {
    this.jobs.delete(claim);
    this.stuck = false;
    this.#cpuMs = undefined;
    if (this.jobs.size === 0) this.#thread.unref();
  }
}
