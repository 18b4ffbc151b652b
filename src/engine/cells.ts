/**
 * Machines of cells: each is fed what came in, in log order and only when it is durable, and reports what that did. A
 * machine is a cache of the log: one that is not there is made again from what is recorded, when it is needed (CE9).
 */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { CellLimits } from '../../events/cell.ts';
import type { CallRef } from '../../projections/calls.ts';
import { isRunning } from '../../projections/cells.ts';
import type { Cell, State } from '../../projections/state.ts';
import type { CellInput, CellRuntime, Drain } from '../cells/port.ts';
import { Failure } from '../failure.ts';
import type { LogReader } from '../log/port.ts';
import { CellArrivals } from './cellArrivals.ts';
import { CellDoor } from './cellDoor.ts';
import { CellReads } from './cellReads.ts';
import { type CellRecord, differenceOf, inputsOf, type RecordParts, recordOf, specOf } from './cellRecord.ts';
import type { Clock } from './clock.ts';
import type { Engine } from './engine.ts';
import type { Secrets } from './secrets.ts';
import { Timers } from './timers.ts';

export interface CellParts {
  readonly engine: Engine;
  readonly log: LogReader;
  readonly clock: Clock;
  readonly runtime: CellRuntime;
  /** Of every cell that is created; absent: none. */
  readonly limits?: CellLimits;
  readonly secrets?: Secrets;
}

/** A machine that dies is made again; one that dies this often in a row has something in it that kills machines. */
const attemptsMax = 3;

/** What a cell may go on with: inputs, and a resume of this generation. */
interface Durable {
  readonly inputs: number;
  readonly resume?: number;
}

interface Machine {
  /** Inputs that it was given. */
  fed: number;
}

export class Cells {
  readonly reads: CellReads;
  readonly door: CellDoor;
  readonly #parts: CellParts;
  readonly #record: RecordParts;
  readonly #state: State;
  readonly #timers: Timers;
  readonly #machines = new Map<string, Machine>();
  readonly #arrivals: CellArrivals;
  readonly #durable = new Map<string, Durable>();
  readonly #working = new Set<string>();
  #stopped = false;

  constructor(parts: CellParts) {
    this.#parts = parts;
    this.#state = parts.engine.state;
    this.#record = { ...parts, state: this.#state };
    this.#timers = new Timers(parts.clock);
    this.#arrivals = new CellArrivals(this.#state);
    this.reads = new CellReads(parts);
    this.door = new CellDoor(parts.engine, this.reads, () => parts.clock.now());
  }

  /**
   * A batch is applied, durable or not. The first stretch of a new cell is a computation that rests on nothing but its
   * source: it may be done while its creation is on its way to the disk. All that it asks for comes behind it in the log.
   */
  observe(batch: readonly HoldfastEvent[]): void {
    this.#arrivals.observe(batch);
    if (this.#stopped) return;
    for (const { type, data } of batch) {
      if (type === 'CellCreated') void this.#work(this.#state.cells.all[data.cellId]!);
    }
  }

  /** Something durable happened to it. */
  touched(cellId: string, durable: Durable): void {
    if (this.#stopped) return;
    this.reads.wake(cellId);
    const cell = this.#state.cells.all[cellId]!;
    if (cell.end !== undefined) {
      this.#forget(cellId);
      return;
    }
    this.#durable.set(cellId, durable);
    this.#setTimer(cell);
    void this.#work(cell);
  }

  collect(ref: CallRef): void {
    if (!this.#stopped) this.reads.collect(ref);
  }

  cancel(ref: CallRef): void {
    this.reads.cancel(ref);
  }

  /** Nobody goes on; cells stay as they are recorded. */
  letGo(): void {
    this.#stopped = true;
    this.#timers.stop();
    this.reads.letGo();
  }

  #forget(cellId: string): void {
    this.#timers.cancel(cellId);
    this.#durable.delete(cellId);
    this.#machines.delete(cellId);
    this.#arrivals.forget(cellId);
    // In the middle of something, too: an endless loop is ended here.
    this.#parts.runtime.end(cellId).catch(() => {});
  }

  #setTimer({ cellId, timers }: Cell): void {
    const due = Math.min(...Object.values(timers));
    if (!Number.isFinite(due)) this.#timers.cancel(cellId);
    else this.#timers.at(cellId, due, () => this.#fire(cellId));
  }

  #fire(cellId: string): void {
    const { engine } = this.#parts;
    const cell = this.#state.cells.all[cellId]!;
    const before = this.#state.position;
    engine.report({ do: 'fireTimers', cellId });
    // A clock that was set back says that it is too early: nothing was recorded, so nothing will set the timer again.
    if (this.#state.position === before && cell.end === undefined && engine.failed === undefined) this.#setTimer(cell);
  }

  /** One worker per cell at a time, so that inputs go in one after the other. */
  async #work(cell: Cell): Promise<void> {
    const { cellId } = cell;
    if (this.#working.has(cellId)) return;
    this.#working.add(cellId);
    let attempts = 0;
    while (!this.#stopped && this.#canGoOn(cell)) {
      try {
        if (this.#machines.has(cellId)) await this.#feed(cell);
        else await this.#make(cell);
        attempts = 0;
      } catch (error) {
        this.#machines.delete(cellId);
        await this.#parts.runtime.end(cellId).catch(() => {});
        if (this.#stopped || cell.end !== undefined) break;
        attempts += 1;
        if (attempts < attemptsMax && isLoss(error)) continue;
        this.#parts.engine.report({ do: 'cellLost', cellId, reason: reasonOf(error) });
      }
    }
    this.#working.delete(cellId);
  }

  /** Something durable came in, or it was resumed. Asked without a pause before the answer is acted on. */
  #canGoOn(cell: Cell): boolean {
    // A resume that is not durable yet lets nothing in.
    if (!isRunning(cell) || (cell.frontier !== undefined && this.#resumed(cell) === undefined)) return false;
    const machine = this.#machines.get(cell.cellId);
    if (machine === undefined) return true;
    return machine.fed < this.#inputsOf(cell) || this.#resumed(cell) !== undefined;
  }

  #inputsOf({ cellId }: Cell): number {
    return this.#durable.get(cellId)?.inputs ?? 0;
  }

  /** The generation from which it is to go on. */
  #resumed({ cellId, frontier }: Cell): number | undefined {
    const resume = this.#durable.get(cellId)?.resume;
    return frontier?.resume !== undefined && frontier.generation === resume ? resume : undefined;
  }

  /** Gives it what it has not had; a resume is carried out even if that is nothing. */
  async #feed(cell: Cell): Promise<void> {
    const machine = this.#machines.get(cell.cellId)!;
    const resumed = this.#resumed(cell);
    const inputs = await this.#inputs(cell, machine.fed, this.#inputsOf(cell));
    const from = cell.drains;
    machine.fed += inputs.length;
    this.#report(cell, from, await this.#parts.runtime.feed(cell.cellId, inputs), resumed);
  }

  #report({ cellId }: Cell, from: number, drains: readonly Drain[], resumed?: number): void {
    // Whoever stops leaves the log alone: the next life asks again.
    if (this.#stopped) return;
    this.#parts.engine.report({
      do: 'cellDrained',
      cellId,
      from,
      drains,
      ...(resumed !== undefined && { resumed }),
    });
  }

  async #inputs(cell: Cell, from: number, to: number): Promise<readonly CellInput[]> {
    if (to <= from) return [];
    const arrived = this.#arrivals.inputs(cell.cellId, from, to);
    return arrived === undefined
      ? (await recordOf(this.#record, cell)).inputs.slice(from, to)
      : inputsOf(this.#record, arrived);
  }

  async #recorded(cell: Cell): Promise<CellRecord> {
    const created = this.#arrivals.created(cell.cellId);
    const isAtHand = typeof created?.data.source === 'string' && this.#state.stores[cell.agentId] === undefined;
    // A long source, what was stored, and what a lost machine has reported may just be on their way to the disk.
    if (!isAtHand) await this.#parts.engine.read(() => undefined);
    if (created === undefined) return recordOf(this.#record, cell);
    return { spec: await specOf(this.#record, cell, created), inputs: [], drains: [] };
  }

  /** From its source and its recorded inputs; what was recorded has to be done again. */
  async #make(cell: Cell): Promise<void> {
    const { runtime, secrets, engine } = this.#parts;
    const { cellId } = cell;
    const { spec, inputs, drains: recorded } = await this.#recorded(cell);
    const known = inputs.slice(0, Math.max(0, recorded.length - 1));
    const drains = await runtime.create(spec, known);
    const difference = differenceOf(recorded, drains, (text) => secrets?.hide(text) ?? text);
    if (this.#stopped) return;
    if (difference !== undefined) {
      engine.report({ do: 'cellLost', cellId, reason: 'it did something else when it was run again', difference });
      return;
    }
    this.#machines.set(cellId, { fed: known.length });
    if (recorded.length === 0) this.#report(cell, 0, drains);
  }
}

const isLoss = (error: unknown): boolean =>
  error instanceof Failure && (error.code === 'HOLDFAST_CELL_MACHINE_LOST' || error.code === 'HOLDFAST_CELL_UNKNOWN');

const reasonOf = (error: unknown): string =>
  isLoss(error) ? 'exec runtime ended unexpectedly' : error instanceof Error ? error.message : String(error);
