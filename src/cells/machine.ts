/**
 * One QuickJS that runs cells by turns: a cell at rest is an `Image`, a copy of the memory in use, which is loaded, taken a
 * step further and copied out again. So a cell at rest belongs to no thread and costs what its script holds, and what a
 * stopped script left behind is overwritten.
 */
import { assert, Failure } from '../failure.ts';
import { Halt } from './halt.ts';
import { CellMemory, type Image } from './memory.ts';
import { prelude } from './prelude.ts';
import { initialPages, linkQuickJs, type Pointer, pageBytes, type QuickJs, type QuickJsModule } from './quickjs.ts';
import { Values } from './values.ts';

/** What a run of the script came to: nothing yet, its end, or what it threw, in words. */
export type Ran = 'waiting' | 'done' | { readonly threw: string };

interface Bounds {
  /** Size of the memory that is allowed. */
  memoryBytes: number;
  /** Asked while a script runs; may throw. */
  interrupted: () => void;
}

/** How many jobs are run between two looks at the clock. */
const jobsAtOnce = 256;

const moduleName = 'exec_main.mjs';
const evalAsScript = 0;
const evalAsModule = 1;
const rejected = 2;
const pending = 0;

/** What is allowed while no script runs. */
const ours = (): Bounds => ({ memoryBytes: initialPages * pageBytes, interrupted: () => {} });

/** Functions of the prelude, in its order. */
const entryNames = ['begin', 'deliver', 'report', 'describe', 'equip'] as const;
type Entry = (typeof entryNames)[number];

export class Machine {
  /** ms since 1970; what scripts take for now. */
  now = 0;
  bounds = ours();
  /** Whether memory was refused since this was last set to false. */
  refused = false;
  readonly memory: CellMemory;

  readonly #js: QuickJs;
  readonly #runtime: Pointer;
  readonly #context: Pointer;
  readonly #values: Values;
  readonly #entries: Readonly<Record<Entry, Pointer>>;
  readonly #blank: Image;
  /** The newest blank cell with tools: most cells have the same. */
  #equipped: { readonly tools: string; readonly image: Image } | undefined;
  #main: Pointer = 0;
  #linking = false;

  constructor(module: QuickJsModule) {
    const js = linkQuickJs(module, {
      now: () => this.now,
      mayGrow: (bytes) => this.#mayGrow(bytes),
      interrupted: () => this.bounds.interrupted(),
      called: (argv) => {
        const at = (n: number) => this.#values.text(js.QTS_ArgvGetJSValueConstPointer(argv, n));
        throw new Halt(at(0), at(1));
      },
      imported: (name) => this.#refuseImport(name),
    });
    this.#js = js;
    this.memory = new CellMemory(module, js);
    this.#runtime = js.QTS_NewRuntime();
    js.QTS_RuntimeEnableInterruptHandler(this.#runtime);
    js.QTS_RuntimeEnableModuleLoader(this.#runtime, 1);
    this.#context = js.QTS_NewContext(this.#runtime, 0);
    this.#values = new Values(js, this.#context);
    this.#entries = this.#makeGlobals();
    this.#blank = this.save();
  }

  /** A cell at rest. */
  load(image: Image): void {
    this.memory.load(image);
    this.#main = image.main;
  }

  /** A new cell with these tools. */
  loadNew(tools: string): void {
    if (this.#equipped?.tools === tools) {
      this.load(this.#equipped.image);
      return;
    }
    this.load(this.#blank);
    this.bounds = ours();
    this.#call('equip', tools);
    this.#equipped = { tools, image: this.save() };
  }

  /** The cell at rest; into `room` where that is large enough. */
  save(room?: (bytes: number) => Uint8Array | undefined): Image {
    return this.memory.save(this.#main, room);
  }

  setStack(bytes: number): void {
    this.#js.QTS_RuntimeSetMaxStackSize(this.#runtime, bytes);
  }

  begin(spec: string): void {
    this.#call('begin', spec);
  }

  /** Evaluates the module of the cell up to its first `await`. */
  evaluate(source: string): Ran {
    this.#linking = true;
    try {
      this.#main = this.#values.evaluate(source, moduleName, evalAsModule);
    } finally {
      this.#linking = false;
    }
    return this.#thrown(this.#main) ?? 'waiting';
  }

  /** Runs jobs until none is left. */
  runJobs(): Ran {
    const js = this.#js;
    while (js.QTS_IsJobPending(this.#runtime) !== 0) {
      const ran = js.QTS_ExecutePendingJob(this.#runtime, jobsAtOnce, this.#values.scratch);
      const threw = this.#thrown(ran);
      if (threw !== undefined) return threw;
      js.QTS_FreeValuePointer(this.#context, ran);
      this.bounds.interrupted();
    }
    const state = js.QTS_PromiseState(this.#context, this.#main);
    if (state === pending) return 'waiting';
    if (state !== rejected) return 'done';
    return { threw: this.#describe(js.QTS_PromiseResult(this.#context, this.#main)) };
  }

  /** false: nobody waits for it. What a timer's callback threw ends the cell. */
  deliver(input: string): Ran | false {
    const result = this.#values.callWith(this.#entries.deliver, input);
    const threw = this.#thrown(result);
    if (threw !== undefined) return threw;
    return this.#values.take(result) === 'false' ? false : 'waiting';
  }

  report(ended: boolean): string {
    return this.#call('report', ended ? 'ended' : undefined);
  }

  #mayGrow(bytes: number): boolean {
    if (bytes <= this.bounds.memoryBytes) return true;
    this.refused = true;
    return false;
  }

  #call(entry: Entry, argument?: string): string {
    const result = this.#values.callWith(this.#entries[entry], argument);
    const threw = this.#thrown(result);
    if (threw !== undefined)
      throw new Failure('HOLDFAST_CELL_CRASHED', `the sandbox failed to ${entry}: ${threw.threw}`);
    return this.#values.take(result);
  }

  #thrown(result: Pointer): { readonly threw: string } | undefined {
    const error = this.#values.thrown(result);
    return error === 0 ? undefined : { threw: this.#describe(error) };
  }

  #describe(error: Pointer): string {
    const described = this.#values.call(this.#entries.describe, error);
    if (this.#values.thrown(described) !== 0) return 'InternalError: out of memory';
    return this.#values.take(described).trimEnd();
  }

  #makeGlobals(): Record<Entry, Pointer> {
    const values = this.#values;
    const made = values.evaluate(`(${prelude})`, 'cell', evalAsScript);
    const list = values.call(made, values.newFunction('halt', 2));
    assert(values.thrown(list) === 0, 'the globals of a cell can be made');
    const entries = entryNames.map((name, n) => [name, values.member(list, n)]);
    return Object.fromEntries(entries) as Record<Entry, Pointer>;
  }

  #refuseImport(name: Pointer): void {
    const specifier = this.#values.bytesAt(name);
    this.#values.raise(this.#linking ? `Unsupported import in exec: ${specifier}` : 'unsupported import in exec');
  }
}
