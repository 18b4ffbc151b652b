/**
 * Cells on threads. A cell at rest is an image that belongs to no thread; a job takes it one or more inputs further on
 * whichever thread is free. A thread that is long at one job loses the others it was given, so a cell that spins holds up
 * nobody, and there is always a spare thread that runs already.
 */
import { assert, Failure } from '../failure.ts';
import { Crew } from './crew.ts';
import { closedCells, lostMachine, unknownCell } from './failures.ts';
import type { Job, Result, SharedImage } from './jobs.ts';
import { limitText } from './limits.ts';
import type { CellInput, CellRuntime, CellSpec, Drain } from './port.ts';
import { drainsOf } from './report.ts';
import { SpareImages } from './spareImages.ts';
import { beginningOf, deliveriesOf } from './steps.ts';
import type { CellThread } from './worker.ts';

/** A job that takes longer loses its thread its other jobs. Most take less than a tenth of it. */
const stuckMs = 2;
/** Of results that come together, as many as one job takes in: half of that time. Other cells go between one job and the next. */
const inputsMax = 64;
/** Waits for a script to see that it was stopped; then its thread is ended. */
const stopMs = 250;
/** Above what a script may have: one that stays inside a built-in function does not see its limit itself. */
const graceMs = 300;

/** No thread has it. */
const neverHeld = -1;

interface Ask {
  readonly inputs: readonly CellInput[];
  readonly create: boolean;
  /** What the inputs so far have come to. */
  readonly drains: Drain[];
  readonly resolve: (drains: readonly Drain[]) => void;
  readonly reject: (error: Failure) => void;
}

interface Cell {
  readonly spec: CellSpec;
  image: SharedImage;
  cpuMs: number;
  last: Drain | undefined;
  /** The first one is with a thread when `running` is there. */
  readonly asks: Ask[];
  running:
    | { readonly thread: CellThread<Cell>; readonly claim: number; readonly inputs: readonly CellInput[] }
    | undefined;
  /** Somebody waits for the end of what is running. */
  freed: (() => void) | undefined;
}

class PooledCells implements CellRuntime {
  readonly #cells = new Map<string, Cell>();
  readonly #crew = new Crew<Cell>({
    ready: () => this.#dispatch(),
    result: (thread, result, cell) => this.#take(thread, result, cell),
    lost: (thread, error) => this.#end(thread, error),
  });
  /** Cells with an ask that no thread has. */
  readonly #waiting = new Set<Cell>();
  readonly #spare = new SpareImages();
  #serial = 0;
  #scheduled = false;
  #watch: NodeJS.Timeout | undefined;
  #closed = false;

  async create(spec: CellSpec, recorded: readonly CellInput[] = []): Promise<readonly Drain[]> {
    if (this.#closed) throw closedCells();
    assert(!this.#cells.has(spec.cellId), `cell ${spec.cellId} is created once`);
    const image = { bytes: this.#spare.take(), size: 0, pages: 0, main: 0, serial: neverHeld };
    const cell: Cell = { spec, image, cpuMs: 0, last: undefined, asks: [], running: undefined, freed: undefined };
    this.#cells.set(spec.cellId, cell);
    return this.#ask(cell, recorded, true);
  }

  async feed(cellId: string, inputs: readonly CellInput[]): Promise<readonly Drain[]> {
    if (this.#closed) throw closedCells();
    const cell = this.#cells.get(cellId);
    if (cell === undefined) throw unknownCell(cellId);
    return inputs.length === 0 ? [] : this.#ask(cell, inputs, false);
  }

  async end(cellId: string): Promise<void> {
    const cell = this.#cells.get(cellId);
    if (cell === undefined) return;
    this.#forget(cell, unknownCell(cellId));
    const { running } = cell;
    if (running === undefined || running.thread.withdraw(running.claim)) {
      this.#spare.keep(cell.image);
      return;
    }
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => this.#end(running.thread, new Error('a cell did not stop')), stopMs);
      cell.freed = () => {
        clearTimeout(late);
        resolve();
      };
      running.thread.stop(running.claim);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#watch);
    const atWork = [...this.#crew.threads].flatMap((thread) => [...thread.jobs.values()]);
    const ended = this.#crew.end();
    for (const cell of [...this.#cells.values()]) this.#forget(cell, closedCells());
    for (const cell of atWork) cell.freed?.();
    await ended;
  }

  #ask(cell: Cell, inputs: readonly CellInput[], create: boolean): Promise<readonly Drain[]> {
    return new Promise((resolve, reject) => {
      cell.asks.push({ inputs, create, drains: [], resolve, reject });
      if (cell.asks.length === 1) this.#wait(cell);
    });
  }

  /** What is asked in one turn of the event loop goes out together. */
  #wait(cell: Cell): void {
    this.#waiting.add(cell);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    if (this.#waiting.size === 0 || this.#closed) return;
    const takers = this.#crew.takers();
    for (const [i, thread] of takers.entries()) {
      const share = Math.min(thread.room, Math.ceil(this.#waiting.size / (takers.length - i)));
      const cells = [...this.#waiting].slice(0, share);
      if (cells.length > 0) thread.send(cells.map((cell) => this.#jobOf(cell, thread)));
    }
    this.#watch ??= setTimeout(() => this.#look(), stuckMs);
  }

  #jobOf(cell: Cell, thread: CellThread<Cell>): Job {
    const { inputs: all, create, drains } = cell.asks[0]!;
    const inputs = create ? all : all.slice(drains.length, drains.length + inputsMax);
    const { image, spec, cpuMs } = cell;
    const claim = thread.claim(cell);
    this.#waiting.delete(cell);
    cell.running = { thread, claim, inputs };
    this.#serial += 1;
    return {
      claim,
      serial: this.#serial,
      image,
      limits: spec.limits,
      cpuMs,
      inputs: deliveriesOf(inputs),
      ...(create && { beginning: beginningOf(spec) }),
    };
  }

  #take(thread: CellThread<Cell>, result: Result, cell: Cell): void {
    const { told, cpuMs, image, defect, serial } = result;
    const { inputs } = cell.running!;
    cell.running = undefined;
    if (image !== undefined) cell.image = { bytes: cell.image.bytes, ...image, serial };
    cell.cpuMs = cpuMs;
    if (this.#cells.get(cell.spec.cellId) !== cell) {
      this.#spare.keep(cell.image);
      cell.freed?.();
    } else if (defect !== undefined) {
      this.#next(cell).reject(new Failure('HOLDFAST_DEFECT', defect));
      if (cell.last === undefined) this.#forget(cell, unknownCell(cell.spec.cellId));
    } else {
      const ask = cell.asks[0]!;
      ask.drains.push(...drainsOf(told, inputs, cell.spec.tools, cell.last));
      cell.last = ask.drains.at(-1);
      if (image !== undefined && ask.drains.length < ask.inputs.length) this.#wait(cell);
      else this.#answer(cell, image === undefined);
    }
    this.#crew.release(thread);
    this.#dispatch();
  }

  #answer(cell: Cell, ended: boolean): void {
    const { drains, resolve } = this.#next(cell);
    if (ended) {
      this.#forget(cell, unknownCell(cell.spec.cellId));
      this.#spare.keep(cell.image);
    }
    resolve(drains);
  }

  /** The ask that was answered; the one behind it is next. */
  #next(cell: Cell): Ask {
    const ask = cell.asks.shift()!;
    if (cell.asks.length > 0) this.#wait(cell);
    return ask;
  }

  /** Looks after the threads while they have something to do. */
  #look(): void {
    this.#watch = undefined;
    const now = performance.now();
    for (const thread of [...this.#crew.threads]) {
      if (thread.jobs.size === 0 || !thread.ready || now - thread.since < stuckMs) continue;
      if (!thread.stuck) thread.busyMs(now);
      thread.stuck = true;
      for (const [claim, cell] of [...thread.jobs]) {
        if (thread.withdraw(claim)) {
          cell.running = undefined;
          this.#waiting.add(cell);
        } else if (now - thread.since > allowedMs(cell) && thread.busyMs(now) > allowedMs(cell)) {
          this.#overrun(thread, cell);
        }
      }
    }
    this.#crew.enough();
    this.#dispatch();
    const busy = [...this.#crew.threads].some((thread) => thread.jobs.size > 0);
    if (busy || this.#waiting.size > 0) this.#watch ??= setTimeout(() => this.#look(), stuckMs);
  }

  /** The cell has had its time inside one built-in function, which nothing but the end of its thread can end. */
  #overrun(thread: CellThread<Cell>, cell: Cell): void {
    const { spec, last } = cell;
    const code = 'HOLDFAST_CELL_CPU_LIMIT';
    const error = { code, text: limitText(code, spec.limits)! };
    const drains = drainsOf({ reports: [''], end: { kind: 'failed', error } }, [], spec.tools, last);
    if (this.#cells.get(spec.cellId) === cell) {
      const ask = this.#next(cell);
      ask.resolve([...ask.drains, ...drains]);
      this.#forget(cell, unknownCell(spec.cellId));
    }
    this.#end(thread, new Error('a cell had its time'));
  }

  /** The thread goes; what it had not begun goes to others, and what it was at is lost. */
  #end(thread: CellThread<Cell>, cause: unknown): void {
    if (!this.#crew.threads.has(thread)) return;
    for (const [claim, cell] of [...thread.jobs]) {
      const begun = !thread.withdraw(claim);
      cell.running = undefined;
      if (begun || !thread.ready) {
        this.#forget(cell, lostMachine(cell.spec.cellId, cause));
        cell.freed?.();
      } else if (this.#cells.get(cell.spec.cellId) === cell) this.#waiting.add(cell);
    }
    this.#crew.retire(thread);
    this.#dispatch();
  }

  #forget(cell: Cell, why: Failure): void {
    if (this.#cells.get(cell.spec.cellId) === cell) this.#cells.delete(cell.spec.cellId);
    this.#waiting.delete(cell);
    for (const { reject } of cell.asks.splice(0)) reject(why);
  }
}

/** Of the processor, for the job that a thread has of it. */
const allowedMs = ({ running, spec }: Cell): number =>
  2 * spec.limits.drainMs * (1 + (running?.inputs.length ?? 0)) + graceMs;

export const pooledCells = (): CellRuntime => new PooledCells();
