/** The threads of a pool: which of them take jobs, when there are too few, and when one is more than is needed. */
import { compileQuickJs, type QuickJsModule } from './quickjs.ts';
import { CellThread, type Outside } from './worker.ts';

/** A thread that has been at one job so long is its cell's own, and another one is started; a start takes about as long. */
const ownMs = 30;
/** Waits until threads that were needed for a while are surely not needed again. */
const surplusMs = 5000;
/** Threads that are free to take jobs: one to work, one to take over at once. */
const freeThreads = 2;
/** Each but the free ones is held by a cell that spins. */
const threadsMax = 16;

/** `T`: what a job is for. */
export class Crew<T> {
  readonly threads = new Set<CellThread<T>>();
  readonly #outside: Outside<T>;
  #module: QuickJsModule | undefined;
  /** When the last thread was started. */
  #started = 0;

  constructor(outside: Outside<T>) {
    this.#outside = outside;
  }

  /** Idle threads, or else those that will be soon, or else a new one. */
  takers(): CellThread<T>[] {
    const free = this.enough().filter((thread) => !thread.stuck && thread.room > 0);
    const ready = free.filter((thread) => thread.ready);
    const idle = ready.filter((thread) => thread.jobs.size === 0);
    if (free.length === 0 && this.threads.size < threadsMax) return [this.#start()];
    return idle.length > 0 ? idle : ready.length > 0 ? ready : free;
  }

  /** The threads that are no cell's own; makes new ones where there are too few. */
  enough(): CellThread<T>[] {
    const now = performance.now();
    const free = [...this.threads].filter((thread) => !thread.stuck || now - thread.since < ownMs);
    while (free.length < freeThreads && this.threads.size < threadsMax) free.push(this.#start());
    return free;
  }

  #start(): CellThread<T> {
    this.#module ??= compileQuickJs();
    const thread = new CellThread<T>(this.#module, this.#outside);
    this.threads.add(thread);
    this.#started = performance.now();
    return thread;
  }

  /** What has nothing to do goes, when there were enough without it for a while. */
  release(thread: CellThread<T>): void {
    const surplus =
      thread.jobs.size === 0 &&
      this.threads.size > freeThreads &&
      performance.now() - this.#started > surplusMs &&
      this.enough().length > freeThreads;
    if (surplus) this.retire(thread);
  }

  retire(thread: CellThread<T>): void {
    this.threads.delete(thread);
    thread.end().catch(() => {});
  }

  async end(): Promise<void> {
    const threads = [...this.threads];
    this.threads.clear();
    await Promise.all(threads.map((thread) => thread.end()));
  }
}
