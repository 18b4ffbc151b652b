/**
 * Cells in this thread, one machine for all of them: for the simulator and for tests. Time of the processor is counted in
 * questions of the machine instead of milliseconds, so that a script gets exactly as far on every run. What spins inside
 * one built-in function cannot be stopped here (`pool.ts` can).
 */
import { assert } from '../failure.ts';
import { closedCells, unknownCell } from './failures.ts';
import { Machine } from './machine.ts';
import type { Image } from './memory.ts';
import type { CellInput, CellRuntime, CellSpec, Drain } from './port.ts';
import { compileQuickJs, type QuickJsModule } from './quickjs.ts';
import { drainsOf } from './report.ts';
import { beginningOf, createSteps, deliveriesOf, feedSteps, type Guard, Steps } from './steps.ts';

/** About what 10 000 calls or backward jumps of a script take. */
const msPerQuestion = 0.05;

class Counted implements Guard {
  #questions = 0;
  begin(): void {
    this.#questions = 0;
  }
  over(ms: number): boolean {
    this.#questions += 1;
    return this.spent() > ms;
  }
  spent(): number {
    return this.#questions * msPerQuestion;
  }
  stopped(): boolean {
    return false;
  }
}

interface Resting {
  readonly spec: CellSpec;
  readonly image: Image;
  readonly cpuMs: number;
  readonly last: Drain;
}

let compiled: QuickJsModule | undefined;
let shared: Machine | undefined;

/** One machine serves all runtimes of the thread, until its memory has grown larger than the next cell's. */
function machineFor(pages = 0): Machine {
  compiled ??= compileQuickJs();
  if (shared === undefined || (shared.memory.grown && shared.memory.pages > pages)) shared = new Machine(compiled);
  return shared;
}

/** Memory of cells that have ended, for the next ones: making it new costs more than filling it. */
const spare: Uint8Array[] = [];
const spareMax = 16;
const grain = 65_536;

function roomFor(bytes: number, before: Resting | undefined): Uint8Array {
  const old = before?.image.bytes ?? spare.pop();
  return old !== undefined && old.length >= bytes ? old : new Uint8Array(Math.ceil(bytes / grain) * grain);
}

/** Takes a cell further by these inputs; a new one (`before` absent) by its creation first. What it leaves is at rest, or over. */
function run(spec: CellSpec, before: Resting | undefined, inputs: readonly CellInput[]) {
  const machine = machineFor(before?.image.pages);
  const steps = new Steps(machine, new Counted(), spec.limits, before?.cpuMs);
  const deliveries = deliveriesOf(inputs);
  if (before === undefined) createSteps(steps, beginningOf(spec), deliveries);
  else {
    machine.load(before.image);
    feedSteps(steps, deliveries);
  }
  const { told, cpuMs } = steps.result;
  const drains = drainsOf(told, inputs, spec.tools, before?.last);
  const last = drains.at(-1) ?? before?.last;
  if (told.end !== undefined || last === undefined) return { drains };
  return { drains, resting: { spec, image: machine.save((bytes) => roomFor(bytes, before)), cpuMs, last } };
}

/** One cell, for whoever has a runtime of their own around it (see `CellMachine` in `src/simulate/cells.ts`). */
export class InlineCell {
  readonly #spec: CellSpec;
  #resting: Resting | undefined;

  constructor(spec: CellSpec) {
    this.#spec = spec;
  }

  begin(): Drain {
    return this.#run([]);
  }

  take(input: CellInput): Drain {
    return this.#run([input]);
  }

  #run(inputs: readonly CellInput[]): Drain {
    const { drains, resting } = run(this.#spec, this.#resting, inputs);
    this.#resting = resting;
    return drains[0]!;
  }
}

export function inlineCells(): CellRuntime {
  const cells = new Map<string, Resting>();
  let closed = false;
  const forget = (cellId: string): void => {
    const cell = cells.get(cellId);
    if (cell !== undefined && spare.length < spareMax) spare.push(cell.image.bytes);
    cells.delete(cellId);
  };
  const open = (): void => {
    if (closed) throw closedCells();
  };
  const further = (spec: CellSpec, inputs: readonly CellInput[]): Drain[] => {
    const { drains, resting } = run(spec, cells.get(spec.cellId), inputs);
    if (resting === undefined) forget(spec.cellId);
    else cells.set(spec.cellId, resting);
    return drains;
  };

  return {
    async create(spec, recorded = []) {
      open();
      assert(!cells.has(spec.cellId), `cell ${spec.cellId} is created once`);
      return further(spec, recorded);
    },
    async feed(cellId, inputs) {
      open();
      const cell = cells.get(cellId);
      if (cell === undefined) throw unknownCell(cellId);
      return further(cell.spec, inputs);
    },
    async end(cellId) {
      forget(cellId);
    },
    async close() {
      closed = true;
      cells.clear();
    },
  };
}
