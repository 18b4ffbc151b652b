/**
 * Takes a cell from one input to the next: delivers, runs all jobs, and says what happened or how it ended. Pure but for
 * the machine it is given: the same spec and inputs give the same steps, in whatever thread.
 */
import { createHash } from 'node:crypto';
import type { CellLimits } from '../../events/cell.ts';
import { assert, Failure } from '../failure.ts';
import { Halt } from './halt.ts';
import { limitText, stackBytesMax } from './limits.ts';
import type { Machine, Ran } from './machine.ts';
import type { CellInput, CellSpec } from './port.ts';
import type { Told } from './report.ts';
import { identifiers } from './toolNames.ts';

/** Watches a stretch of work from outside the script. */
export interface Guard {
  /** A stretch begins. */
  begin(): void;
  /** Whether the stretch has taken more than so many ms. */
  over(ms: number): boolean;
  /** How many ms it has taken. */
  spent(): number;
  /** Whether the cell is to be given up where it is. */
  stopped(): boolean;
}

/** The cell was ended from outside while it ran. */
export class Stopped extends Error {}

interface Stepped {
  readonly told: Told;
  /** Of the processor, for the whole cell so far. */
  readonly cpuMs: number;
}

/**
 * Whether a step has been taken in an earlier life of the cell: its time is then no limit, because the log says that it came
 * to an end. Of the last recorded input nobody knows whether its step was recorded too.
 */
export type Taken = 'before' | 'perhaps' | 'never';

/** The longest time a timer can wait. */
const delayMsMax = 2 ** 31 - 1;

/** Lets a cell without memory still say what it did. */
const reserveBytes = 16 * 1024 * 1024;

/** Enough to see where it came from; an endless recursion has thousands. */
const stackLinesMax = 20;

const stoppedCode = 'stopped';

const waitsForNothing = '{"waiting":[0,0],';

const seedOf = (seed: string): number[] => {
  const bytes = createHash('sha256').update(seed).digest();
  return [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at));
};

/** Most cells have the same list. */
const toolsTexts = new WeakMap<CellSpec['tools'], string>();

function toolsText(tools: CellSpec['tools']): string {
  let text = toolsTexts.get(tools);
  if (text === undefined) {
    const names = identifiers(tools.map((tool) => tool.name));
    text = JSON.stringify(tools.map(({ description }, i) => ({ name: names[i], description })));
    toolsTexts.set(tools, text);
  }
  return text;
}

/** What a new cell is to be made of, as the sandbox takes it. */
export type Beginning = Pick<CellSpec, 'source' | 'at' | 'store' | 'seed'> & { readonly tools: string };

export const beginningOf = ({ source, at, store, seed, tools }: CellSpec): Beginning => ({
  source,
  at,
  store,
  seed,
  tools: toolsText(tools),
});

function specText({ store, seed }: Beginning, limits: CellLimits): string {
  return JSON.stringify({
    store: Object.fromEntries(Object.entries(store).map(([key, value]) => [key, JSON.stringify(value)])),
    seed: seedOf(seed),
    limits: {
      output: limits.outputBytes,
      timers: limits.timers,
      calls: limits.pendingCalls,
      delay: delayMsMax,
    },
  });
}

/** Inputs as the sandbox takes them: when each came, and its text for `deliver`. */
export interface Deliveries {
  readonly at: readonly number[];
  readonly texts: readonly string[];
}

const textOf = (input: CellInput): string => {
  if (input.kind === 'timerFired') return JSON.stringify([input.timerId]);
  const { text, fields } = input.output;
  const ok = input.outcome === 'ok';
  return JSON.stringify([Number(input.callId.slice('tool-'.length)), ok, ok ? (fields ?? text) : text]);
};

export const deliveriesOf = (inputs: readonly CellInput[]): Deliveries => ({
  at: inputs.map(({ at }) => at),
  texts: inputs.map(textOf),
});

function shortened(text: string): string {
  const lines = text.split('\n');
  if (lines.length <= stackLinesMax) return text;
  return [...lines.slice(0, stackLinesMax), `    … ${lines.length - stackLinesMax} more lines`].join('\n');
}

function codeOf(text: string, refused: boolean): string {
  if (text.startsWith('InternalError: out of memory')) return 'HOLDFAST_CELL_MEMORY_LIMIT';
  // QuickJS throws null where there is no memory for an error.
  if (refused && text === 'null') return 'HOLDFAST_CELL_MEMORY_LIMIT';
  if (text.startsWith('InternalError: stack overflow')) return 'HOLDFAST_CELL_STACK_LIMIT';
  return 'HOLDFAST_CELL_THREW';
}

/** The first step of a cell and then those of its recorded inputs. */
export function createSteps(steps: Steps, beginning: Beginning, { at, texts }: Deliveries): void {
  steps.create(beginning, texts.length === 0 ? 'never' : 'before');
  for (const [i, text] of texts.entries()) steps.feed(at[i]!, text, i === texts.length - 1 ? 'perhaps' : 'before');
}

export function feedSteps(steps: Steps, { at, texts }: Deliveries): void {
  for (const [i, text] of texts.entries()) steps.feed(at[i]!, text, 'never');
}

export class Steps {
  readonly #machine: Machine;
  readonly #guard: Guard;
  readonly #limits: CellLimits;
  #cpuMs: number;
  readonly #reports: string[] = [];
  #end: Told['end'];

  constructor(machine: Machine, guard: Guard, limits: CellLimits, cpuMs = 0) {
    this.#machine = machine;
    this.#guard = guard;
    this.#limits = limits;
    this.#cpuMs = cpuMs;
  }

  get result(): Stepped {
    return { told: { reports: this.#reports, ...(this.#end !== undefined && { end: this.#end }) }, cpuMs: this.#cpuMs };
  }

  create(beginning: Beginning, taken: Taken): void {
    const { sourceBytes, stackBytes } = this.#limits;
    if (Buffer.byteLength(beginning.source) > sourceBytes) {
      this.#fail('HOLDFAST_CELL_SOURCE_LIMIT', '');
      return;
    }
    this.#machine.loadNew(beginning.tools);
    this.#machine.setStack(Math.min(stackBytes, stackBytesMax));
    this.#step(beginning.at, taken, () => {
      this.#machine.begin(specText(beginning, this.#limits));
      return this.#machine.evaluate(beginning.source);
    });
  }

  feed(at: number, input: string, taken: Taken): void {
    if (this.#end !== undefined) return;
    this.#step(at, taken, () => {
      const ran = this.#machine.deliver(input);
      assert(ran !== false, `the cell waits for its input ${input}`);
      return ran;
    });
  }

  #step(at: number, taken: Taken, enter: () => Ran): void {
    const machine = this.#machine;
    const guard = this.#guard;
    const allowedMs = this.#allowedMs(taken);
    machine.now = at;
    machine.refused = false;
    machine.bounds = {
      memoryBytes: this.#limits.memoryBytes,
      interrupted: () => {
        if (guard.stopped()) throw new Halt(stoppedCode, '');
        if (guard.over(allowedMs)) throw new Halt('HOLDFAST_CELL_CPU_LIMIT', this.#lastReport());
      },
    };
    guard.begin();
    try {
      const entered = enter();
      const ran = entered === 'waiting' ? machine.runJobs() : entered;
      if (ran === 'waiting') this.#rest(machine.report(false));
      else if (ran === 'done') this.#finish(this.#lastReport(), { kind: 'completed' });
      else this.#fail(codeOf(ran.threw, machine.refused), this.#lastReport(), shortened(ran.threw));
    } catch (error) {
      this.#broken(error);
    } finally {
      this.#cpuMs += guard.spent();
    }
  }

  /** A job for which there was no memory is lost without a word: a cell that then waits for nothing would wait for ever. */
  #rest(report: string): void {
    if (this.#machine.refused && report.startsWith(waitsForNothing)) this.#fail('HOLDFAST_CELL_MEMORY_LIMIT', report);
    else this.#reports.push(report);
  }

  #allowedMs(taken: Taken): number {
    const { drainMs, cpuMs } = this.#limits;
    if (taken === 'before') return Number.POSITIVE_INFINITY;
    return taken === 'perhaps' ? 2 * drainMs : Math.min(drainMs, cpuMs - this.#cpuMs);
  }

  /** Also from within the script, and with a little more memory than it may have. */
  #lastReport(): string {
    const { bounds } = this.#machine;
    bounds.memoryBytes = this.#limits.memoryBytes + reserveBytes;
    bounds.interrupted = () => {};
    try {
      return this.#machine.report(true);
    } catch {
      return '';
    }
  }

  /** Something went through the machine without asking it. */
  #broken(error: unknown): void {
    if (error instanceof Halt) {
      if (error.code === stoppedCode) throw new Stopped();
      if (error.code === 'exit') this.#finish(error.report, { kind: 'completed' });
      else this.#fail(error.code, error.report);
      return;
    }
    if (error instanceof Failure && error.code === 'HOLDFAST_DEFECT') throw error;
    const deep = error instanceof RangeError;
    const code = this.#machine.refused
      ? 'HOLDFAST_CELL_MEMORY_LIMIT'
      : deep
        ? 'HOLDFAST_CELL_STACK_LIMIT'
        : 'HOLDFAST_CELL_CRASHED';
    this.#fail(code, '', code === 'HOLDFAST_CELL_CRASHED' ? String(error) : undefined);
  }

  #fail(code: string, report: string, threw = ''): void {
    const text = limitText(code, this.#limits);
    const told = text === undefined ? threw : threw === '' ? text : `${text}\n${threw}`;
    this.#finish(report, { kind: 'failed', error: { code, text: told } });
  }

  #finish(report: string, end: NonNullable<Told['end']>): void {
    this.#end = end;
    this.#reports.push(report);
  }
}
