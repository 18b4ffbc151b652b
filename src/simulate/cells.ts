/** The cells of the world: machines that answer late or at once, and die when they are told to, with all that they know. */
import type { CellInput, CellRuntime, CellSpec, Drain } from '../cells/port.ts';
import { Failure } from '../failure.ts';
import { ScriptMachine, spins } from './cellScript.ts';

const lost = () => new Failure('HOLDFAST_CELL_MACHINE_LOST', 'the machine of the cell is gone', { retryable: true });
const unknown = (cellId: string) => new Failure('HOLDFAST_CELL_UNKNOWN', `there is no machine of cell ${cellId}`);
const closed = () => new Failure('HOLDFAST_CELLS_CLOSED', 'no cell is run any more');

/** What runs one script: each input is one drain, and the same inputs give the same drains. */
export interface CellMachine {
  begin(): Drain | typeof spins;
  take(input: CellInput): Drain | typeof spins;
}

/** Somebody who waits for a machine. */
interface Waiting {
  readonly fail: (error: Failure) => void;
}

export interface CellsOutside {
  /** Calls later, in the order that the world chooses. */
  readonly later: (what: string, run: () => void) => void;
  /** A machine is given its n-th input, from 0. */
  readonly fed?: (cellId: string, n: number) => void;
  /** It has taken what it was given. */
  readonly wentOn?: (cellId: string) => void;
  /** Absent: scripts are lists of steps (`cellScript.ts`). */
  readonly machine?: (spec: CellSpec) => CellMachine;
}

export class WorldCells implements CellRuntime {
  readonly #outside: CellsOutside;
  readonly #machines = new Map<string, CellMachine>();
  readonly #inputs = new Map<string, number>();
  readonly #spinning = new Set<string>();
  readonly #waiting = new Map<string, Set<Waiting>>();
  #closed = false;
  /** Machines made so far. */
  made = 0;

  constructor(outside: CellsOutside) {
    this.#outside = outside;
  }

  /** Those in an endless loop. */
  get spinning(): string[] {
    return [...this.#spinning];
  }

  get alive(): string[] {
    return [...this.#machines.keys()];
  }

  create(spec: CellSpec, recorded: readonly CellInput[] = []): Promise<readonly Drain[]> {
    return this.#ask(spec.cellId, `cell ${spec.cellId} is made`, () => {
      const machine = this.#outside.machine?.(spec) ?? new ScriptMachine(spec);
      this.made += 1;
      this.#machines.set(spec.cellId, machine);
      this.#inputs.set(spec.cellId, 0);
      return this.#drains(spec.cellId, machine.begin(), recorded);
    });
  }

  feed(cellId: string, inputs: readonly CellInput[]): Promise<readonly Drain[]> {
    return this.#ask(cellId, `cell ${cellId} goes on`, () => {
      const machine = this.#machines.get(cellId);
      if (machine === undefined) throw unknown(cellId);
      const drains = this.#drains(cellId, undefined, inputs);
      if (drains !== undefined) this.#outside.wentOn?.(cellId);
      return drains;
    });
  }

  /** undefined: it spins. */
  #drains(cellId: string, first: Drain | typeof spins | undefined, inputs: readonly CellInput[]): Drain[] | undefined {
    const drains: Drain[] = [];
    let drain = first;
    for (const input of [undefined, ...inputs]) {
      if (input !== undefined) drain = this.#take(cellId, input);
      if (drain === spins) {
        this.#spinning.add(cellId);
        return undefined;
      }
      if (drain === undefined) continue;
      drains.push(drain);
      if (drain.end !== undefined) {
        this.#machines.delete(cellId);
        return drains;
      }
    }
    return drains;
  }

  #take(cellId: string, input: CellInput): Drain | typeof spins {
    const n = this.#inputs.get(cellId)!;
    this.#inputs.set(cellId, n + 1);
    this.#outside.fed?.(cellId, n);
    return this.#machines.get(cellId)!.take(input);
  }

  #ask(cellId: string, what: string, run: () => Drain[] | undefined): Promise<readonly Drain[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(closed());
        return;
      }
      const waiting = this.#waiting.get(cellId) ?? new Set();
      this.#waiting.set(cellId, waiting);
      const asked: Waiting = { fail: reject };
      waiting.add(asked);
      this.#outside.later(what, () => {
        if (!waiting.has(asked)) return;
        try {
          const drains = run();
          // An endless loop answers only when it is ended.
          if (drains === undefined) return;
          waiting.delete(asked);
          resolve(drains);
        } catch (error) {
          waiting.delete(asked);
          reject(error);
        }
      });
    });
  }

  #drop(cellId: string, error: Failure): void {
    this.#machines.delete(cellId);
    this.#spinning.delete(cellId);
    const waiting = [...(this.#waiting.get(cellId) ?? [])];
    this.#waiting.get(cellId)?.clear();
    this.#waiting.delete(cellId);
    for (const { fail } of waiting) fail(error);
  }

  end(cellId: string): Promise<void> {
    this.#drop(cellId, unknown(cellId));
    return Promise.resolve();
  }

  /** The machine dies, in the middle of whatever it does. */
  kill(cellId: string): void {
    this.#drop(cellId, lost());
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const cellId of new Set([...this.#machines.keys(), ...this.#waiting.keys()])) this.#drop(cellId, closed());
    return Promise.resolve();
  }
}
