/**
 * One QuickJS that runs cells by turns: a cell at rest is an `Image`, a copy of the memory in use, which is loaded, taken a
 * step further and copied out again. So a cell at rest belongs to no thread and costs what its script holds, and what a
 * stopped script left behind is overwritten.
 */
import { assert, Failure } from '../failure.ts';
import { prelude } from './prelude.ts';
import {
  heapEndPlace,
  initialPages,
  linkQuickJs,
  type Pointer,
  pageBytes,
  type QuickJs,
  type QuickJsModule,
  stackRegionBytes,
} from './quickjs.ts';

/** A cell at rest. */
export interface Image {
  /** Data of the module, then its heap; the stack between them is empty at rest. */
  readonly bytes: Uint8Array;
  /** Of `bytes`, those in use. */
  readonly size: number;
  /** Size of the memory, in pages. */
  readonly pages: number;
  /** The promise of the cell's module; 0 before it was evaluated. */
  readonly main: Pointer;
}

/** Thrown through the module by the host: the script is over, whatever it would have caught. */
export class Halt {
  readonly code: string;
  readonly report: string;
  constructor(code: string, report: string) {
    this.code = code;
    this.report = report;
  }
}

/** What a run of the script came to: nothing yet, its end, or what it threw, in words. */
export type Ran = 'waiting' | 'done' | { readonly threw: string };

export interface Bounds {
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

const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Entry = 'begin' | 'deliver' | 'report' | 'describe';

export class Machine {
  /** ms since 1970; what scripts take for now. */
  now = 0;
  bounds: Bounds = { memoryBytes: initialPages * pageBytes, interrupted: () => {} };
  /** Whether memory was refused since this was last set to false. */
  refused = false;

  readonly #js: QuickJs;
  readonly #runtime: Pointer;
  readonly #context: Pointer;
  readonly #undefined: Pointer;
  readonly #arguments: Pointer;
  readonly #entries: Readonly<Record<Entry, Pointer>>;
  readonly #stackTop: Pointer;
  readonly #heapEndAt: Pointer;
  readonly #blank: Image;
  #main: Pointer = 0;
  #linking = false;

  constructor(module: QuickJsModule) {
    this.#heapEndAt = heapEndPlace(module);
    this.#js = linkQuickJs(module, {
      now: () => this.now,
      mayGrow: (bytes) => this.#mayGrow(bytes),
      interrupted: () => this.bounds.interrupted(),
      called: (argv) => {
        const js = this.#js;
        const at = (n: number) => this.#textOf(js.QTS_ArgvGetJSValueConstPointer(argv, n));
        throw new Halt(at(0), at(1));
      },
      imported: (name) => this.#refuseImport(name),
    });
    const js = this.#js;
    this.#stackTop = js.stackCurrent();
    this.#runtime = js.QTS_NewRuntime();
    js.QTS_RuntimeEnableInterruptHandler(this.#runtime);
    js.QTS_RuntimeEnableModuleLoader(this.#runtime, 1);
    this.#context = js.QTS_NewContext(this.#runtime, 0);
    this.#undefined = js.QTS_GetUndefined();
    this.#arguments = js.malloc(8);
    this.#entries = this.#makeGlobals();
    this.#blank = this.save();
  }

  get pages(): number {
    return this.#js.memory.buffer.byteLength / pageBytes;
  }

  /** Whether the memory is larger than a new one; it can never shrink. */
  get grown(): boolean {
    return this.#js.memory.buffer.byteLength > initialPages * pageBytes;
  }

  /** A new cell, or one at rest. */
  load(image: Image = this.#blank): void {
    const { memory } = this.#js;
    assert(memory.buffer.byteLength <= image.pages * pageBytes, 'a machine that has grown takes no smaller cell');
    const used = this.#heapEnd();
    const more = image.pages - memory.buffer.byteLength / pageBytes;
    if (more > 0) memory.grow(more);
    const { bytes, size } = image;
    const all = new Uint8Array(memory.buffer);
    all.set(bytes.subarray(0, this.#dataEnd), 0);
    all.set(bytes.subarray(this.#dataEnd, size), this.#stackTop);
    const end = this.#heapEnd();
    if (used > end) all.fill(0, end, used);
    this.#js.stackRestore(this.#stackTop);
    this.#main = image.main;
  }

  /** The cell at rest; into `room` where that is large enough. */
  save(room?: (bytes: number) => Uint8Array | undefined): Image {
    const { buffer } = this.#js.memory;
    const size = this.#dataEnd + this.#heapEnd() - this.#stackTop;
    const bytes = room?.(size) ?? new Uint8Array(size);
    bytes.set(new Uint8Array(buffer, 0, this.#dataEnd), 0);
    bytes.set(new Uint8Array(buffer, this.#stackTop, size - this.#dataEnd), this.#dataEnd);
    return { bytes, size, pages: buffer.byteLength / pageBytes, main: this.#main };
  }

  /** Bytes of the memory that are in use, the stack not counted. */
  get used(): number {
    return this.#dataEnd + this.#heapEnd() - this.#stackTop;
  }

  /** The heap as it lies there, beyond what is in use too. */
  get heapBytes(): Uint8Array {
    return new Uint8Array(this.#js.memory.buffer, this.#stackTop);
  }

  setStack(bytes: number): void {
    this.#js.QTS_RuntimeSetMaxStackSize(this.#runtime, bytes);
  }

  /** Evaluates the module of the cell up to its first `await`. */
  evaluate(source: string): Ran {
    this.#linking = true;
    try {
      this.#main = this.#evaluate(source, moduleName, evalAsModule);
    } finally {
      this.#linking = false;
    }
    const threw = this.#thrown(this.#main);
    return threw ?? 'waiting';
  }

  /** Runs jobs until none is left. */
  runJobs(): Ran {
    const js = this.#js;
    while (js.QTS_IsJobPending(this.#runtime) !== 0) {
      const ran = js.QTS_ExecutePendingJob(this.#runtime, jobsAtOnce, this.#arguments);
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

  begin(spec: string): void {
    this.#call('begin', spec);
  }

  /** false: nobody waits for it. What a timer's callback threw ends the cell. */
  deliver(input: string): Ran | false {
    const result = this.#invoke('deliver', input);
    const threw = this.#thrown(result);
    if (threw !== undefined) return threw;
    return this.#take(result) === 'false' ? false : 'waiting';
  }

  report(ended: boolean): string {
    return this.#call('report', ended ? 'ended' : undefined);
  }

  get #dataEnd(): Pointer {
    return this.#stackTop - stackRegionBytes;
  }

  #heapEnd(): Pointer {
    return new Uint32Array(this.#js.memory.buffer, this.#heapEndAt, 1)[0]!;
  }

  #mayGrow(bytes: number): boolean {
    if (bytes <= this.bounds.memoryBytes) return true;
    this.refused = true;
    return false;
  }

  #call(entry: Entry, argument?: string): string {
    const result = this.#invoke(entry, argument);
    const threw = this.#thrown(result);
    if (threw !== undefined)
      throw new Failure('HOLDFAST_CELL_CRASHED', `the sandbox failed to ${entry}: ${threw.threw}`);
    return this.#take(result);
  }

  #invoke(entry: Entry, argument?: string): Pointer {
    const js = this.#js;
    const value = argument === undefined ? this.#undefined : this.#newText(argument);
    new Uint32Array(js.memory.buffer, this.#arguments, 1)[0] = value;
    const result = js.QTS_Call(this.#context, this.#entries[entry], this.#undefined, 1, this.#arguments);
    if (value !== this.#undefined) js.QTS_FreeValuePointer(this.#context, value);
    return result;
  }

  #thrown(result: Pointer): { readonly threw: string } | undefined {
    const error = this.#js.QTS_ResolveException(this.#context, result);
    return error === 0 ? undefined : { threw: this.#describe(error) };
  }

  #describe(error: Pointer): string {
    const js = this.#js;
    new Uint32Array(js.memory.buffer, this.#arguments, 1)[0] = error;
    const described = js.QTS_Call(this.#context, this.#entries.describe, this.#undefined, 1, this.#arguments);
    const failed = js.QTS_ResolveException(this.#context, described) !== 0;
    return failed ? 'InternalError: out of memory' : this.#take(described).trimEnd();
  }

  /** The text of a value, which is then let go. */
  #take(value: Pointer): string {
    const text = this.#textOf(value);
    this.#js.QTS_FreeValuePointer(this.#context, value);
    return text;
  }

  #textOf(value: Pointer): string {
    const js = this.#js;
    const at = js.QTS_GetString(this.#context, value);
    const bytes = new Uint8Array(js.memory.buffer);
    const text = decoder.decode(bytes.subarray(at, bytes.indexOf(0, at)));
    js.QTS_FreeCString(this.#context, at);
    return text;
  }

  #newText(text: string): Pointer {
    const at = this.#allocate(text);
    const value = this.#js.QTS_NewString(this.#context, at.pointer);
    this.#js.free(at.pointer);
    return value;
  }

  /** UTF-8 with a 0 behind it. */
  #allocate(text: string): { pointer: Pointer; size: number } {
    const bytes = encoder.encode(text);
    const pointer = this.#js.malloc(bytes.length + 1);
    if (pointer === 0) throw new Halt('HOLDFAST_CELL_MEMORY_LIMIT', '');
    const memory = new Uint8Array(this.#js.memory.buffer);
    memory.set(bytes, pointer);
    memory[pointer + bytes.length] = 0;
    return { pointer, size: bytes.length };
  }

  #evaluate(source: string, name: string, flags: number): Pointer {
    const js = this.#js;
    const code = this.#allocate(source);
    const file = this.#allocate(name);
    const result = js.QTS_Eval(this.#context, code.pointer, code.size, file.pointer, 0, flags);
    js.free(code.pointer);
    js.free(file.pointer);
    return result;
  }

  #makeGlobals(): Record<Entry, Pointer> {
    const js = this.#js;
    const name = this.#allocate('halt');
    const halt = js.QTS_NewFunction(this.#context, name.pointer, 2, 0, 1);
    const made = this.#evaluate(`(${prelude})`, 'cell', evalAsScript);
    new Uint32Array(js.memory.buffer, this.#arguments, 1)[0] = halt;
    const list = js.QTS_Call(this.#context, made, this.#undefined, 1, this.#arguments);
    assert(js.QTS_ResolveException(this.#context, list) === 0, 'the globals of a cell can be made');
    const entry = (n: number) => js.QTS_GetProp(this.#context, list, this.#newText(String(n)));
    return { begin: entry(0), deliver: entry(1), report: entry(2), describe: entry(3) };
  }

  #refuseImport(name: Pointer): void {
    const js = this.#js;
    const bytes = new Uint8Array(js.memory.buffer);
    const specifier = decoder.decode(bytes.subarray(name, bytes.indexOf(0, name)));
    const error = js.QTS_NewError(this.#context);
    const text = this.#linking ? `Unsupported import in exec: ${specifier}` : 'unsupported import in exec';
    js.QTS_SetProp(this.#context, error, this.#newText('message'), this.#newText(text));
    js.QTS_Throw(this.#context, error);
  }
}
