/**
 * Scripts of cells for simulations: a list of steps in JSON instead of JavaScript, so that the world can make them up and
 * shrink them. The machine keeps the promises of the cell port: one input, one drain, the same again for the same inputs.
 */
import type { CellCall, CellEnd, CellInput, CellSpec, Drain, Json, OutputItem } from '../cells/port.ts';
import { mix, Random } from './random.ts';

export interface CallStep {
  readonly call: string;
  readonly args?: Json;
  /** What is not ok is printed, as in `catch`; absent: it ends the script. */
  readonly caught?: true;
}

export type CellStep =
  | CallStep
  /** All at once; goes on when all have ended. */
  | { readonly all: readonly CallStep[] }
  /** Not waited for. */
  | { readonly start: string; readonly args?: Json }
  | { readonly text: string }
  /** Prints the time, a random number, or a value of the store. */
  | { readonly print: 'now' | 'random' | { readonly load: string } }
  | { readonly store: string; readonly value: Json }
  | { readonly notify: string }
  | { readonly sleep: number }
  | { readonly yield: true }
  | { readonly exit: true }
  | { readonly throw: string }
  /** Waits for what will never come. */
  | { readonly never: true }
  /** An endless loop: the drain does not end. */
  | { readonly spin: true };

/** What a script waits for: calls and timers, by name. */
type Waiting = Set<string>;
type Results = Map<string, Extract<CellInput, { kind: 'toolEnded' }>>;

class Thrown {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const timerName = (timerId: number): string => `timer-${timerId}`;

/** A drain that does not come: the script is in an endless loop. */
export const spins = Symbol('spins');

interface Doing {
  calls: CellCall[];
  timers: { timerId: number; delayMs: number }[];
  items: OutputItem[];
  yields: number[];
  notices: string[];
}

const nothing = (): Doing => ({ calls: [], timers: [], items: [], yields: [], notices: [] });

export class ScriptMachine {
  readonly #spec: CellSpec;
  readonly #random: Random;
  readonly #program: Generator<Waiting | typeof spins, void, void>;
  readonly #pending = new Set<string>();
  readonly #pendingTimers = new Set<number>();
  readonly #results: Results = new Map();
  readonly #store: Map<string, Json>;
  readonly #writes: Record<string, Json> = {};
  #waiting: Waiting = new Set();
  #doing = nothing();
  #offset = 0;
  #calls = 0;
  #timerIds = 0;
  #now: number;
  #end: CellEnd | undefined;

  constructor(spec: CellSpec) {
    this.#spec = spec;
    this.#now = spec.at;
    this.#random = new Random(mix(0, spec.seed));
    this.#store = new Map(Object.entries(spec.store));
    this.#program = this.#run();
  }

  /** The first drain. */
  begin(): Drain | typeof spins {
    return this.#drain();
  }

  take(input: CellInput): Drain | typeof spins {
    this.#now = input.at;
    const name = input.kind === 'toolEnded' ? input.callId : timerName(input.timerId);
    if (input.kind === 'toolEnded') {
      if (!this.#pending.delete(name)) throw new Error(`${name} is not pending`);
      this.#results.set(name, input);
    } else if (!this.#pendingTimers.delete(input.timerId)) throw new Error(`${name} is not pending`);
    this.#waiting.delete(name);
    return this.#waiting.size === 0 && this.#end === undefined ? this.#drain() : this.#told();
  }

  #drain(): Drain | typeof spins {
    try {
      const { value, done } = this.#program.next();
      if (value === spins) return spins;
      if (done === true) this.#end = { kind: 'completed', writes: this.#writes };
      else this.#waiting = value as Waiting;
    } catch (error) {
      if (!(error instanceof Thrown)) throw error;
      this.#end = {
        kind: 'failed',
        error: { code: 'HOLDFAST_CELL_FAILED', text: error.text },
        writes: this.#writes,
      };
    }
    return this.#told();
  }

  #told(): Drain {
    const doing = this.#doing;
    this.#doing = nothing();
    const calls = [...this.#pending].sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
    return {
      ...doing,
      clearedTimers: [],
      offset: this.#offset,
      pending: { calls, timers: [...this.#pendingTimers].sort((a, b) => a - b) },
      ...(this.#end && { end: this.#end }),
    };
  }

  #call(tool: string, args: Json | undefined): string {
    this.#calls += 1;
    const callId = `tool-${this.#calls}`;
    this.#pending.add(callId);
    this.#doing.calls.push({ callId, tool, ...(args !== undefined && { args }) });
    return callId;
  }

  #print(text: string): void {
    this.#doing.items.push({ text });
    this.#offset += 1;
  }

  *#await(steps: readonly CallStep[]): Generator<Waiting | typeof spins, void, void> {
    const ids = steps.map(({ call, args }) => this.#call(call, args));
    yield new Set(ids);
    for (const [i, id] of ids.entries()) {
      const { outcome, output } = this.#results.get(id)!;
      if (outcome !== 'ok' && steps[i]!.caught !== true) throw new Thrown(output.text as string);
      this.#print(`${steps[i]!.call} ${outcome}`);
    }
  }

  *#run(): Generator<Waiting | typeof spins, void, void> {
    for (const step of parsed(this.#spec.source)) {
      if ('call' in step) yield* this.#await([step]);
      else if ('all' in step) yield* this.#await(step.all);
      else if ('start' in step) this.#call(step.start, step.args);
      else if ('text' in step) this.#print(step.text);
      else if ('print' in step) this.#print(this.#value(step.print));
      else if ('store' in step) {
        this.#store.set(step.store, step.value);
        this.#writes[step.store] = step.value;
      } else if ('notify' in step) this.#doing.notices.push(step.notify);
      else if ('sleep' in step) {
        this.#timerIds += 1;
        this.#pendingTimers.add(this.#timerIds);
        this.#doing.timers.push({ timerId: this.#timerIds, delayMs: step.sleep });
        yield new Set([timerName(this.#timerIds)]);
      } else if ('yield' in step) this.#doing.yields.push(this.#offset);
      else if ('exit' in step) return;
      else if ('throw' in step) throw new Thrown(step.throw);
      else if ('never' in step) yield new Set(['nothing']);
      else yield spins;
    }
  }

  #value(what: Extract<CellStep, { print: unknown }>['print']): string {
    if (what === 'now') return String(this.#now);
    if (what === 'random') return String(this.#random.below(1e9));
    return JSON.stringify(this.#store.get(what.load) ?? null);
  }
}

/** A source that is no list of steps fails like JavaScript with a fault in it. */
function parsed(source: string): readonly CellStep[] {
  let steps: unknown;
  try {
    steps = JSON.parse(source);
  } catch {
    steps = undefined;
  }
  if (!Array.isArray(steps)) throw new Thrown('SyntaxError: not a list of steps');
  return steps as CellStep[];
}

/** The source of a cell that does these steps. */
export const cellSource = (...steps: readonly CellStep[]): string => JSON.stringify(steps);
