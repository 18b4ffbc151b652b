/**
 * QuickJS as a WebAssembly module, linked by us: of the host it sees one memory and the functions of `HostOf`, which is the
 * whole surface that a script can reach. The package's own loader is not used, because it lets the clock, the time zone
 * and the environment of the host in. Names are short because the build made them so; a test holds them against the loader.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { assert, Failure } from '../failure.ts';

/** Address of something in the memory of the module. */
export type Pointer = number;

export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of the WebAssembly API that is used here; TypeScript has it only beside the whole DOM. */
interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => QuickJsModule;
  Memory: new (size: { initial: number; maximum: number }) => Memory;
  Instance: new (module: QuickJsModule, imports: object) => { readonly exports: Record<string, Exported> };
}
type Exported = (...args: number[]) => number;

/** Compiled code: threads share it. */
export type QuickJsModule = { readonly quickJs: unique symbol };

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

export const pageBytes = 65_536;
/** The module was built to begin with 16 MiB, most of which nobody ever touches. */
export const initialPages = 256;
const mostPages = 32_768;
/** Its stack lies between its data and its heap. */
export const stackRegionBytes = 5 * 1024 * 1024;

export const exportNames = {
  QTS_NewRuntime: 'K',
  QTS_FreeRuntime: 'L',
  QTS_NewContext: 'N',
  QTS_FreeContext: 'O',
  QTS_RuntimeSetMaxStackSize: 'D',
  QTS_RuntimeEnableInterruptHandler: 'Fa',
  QTS_RuntimeEnableModuleLoader: 'Ha',
  QTS_NewFunction: 'Da',
  QTS_GetGlobalObject: 'ua',
  QTS_NewString: '_',
  QTS_NewError: 'x',
  QTS_Throw: 'w',
  QTS_GetString: '$',
  QTS_GetProp: 'ha',
  QTS_SetProp: 'ja',
  QTS_Eval: 'pa',
  QTS_Call: 'ma',
  QTS_ResolveException: 'na',
  QTS_PromiseState: 'wa',
  QTS_PromiseResult: 'xa',
  QTS_IsJobPending: 'fa',
  QTS_ExecutePendingJob: 'ga',
  QTS_ArgvGetJSValueConstPointer: 'Ea',
  QTS_GetUndefined: 'E',
  QTS_FreeValuePointer: 'P',
  QTS_FreeCString: 'S',
  malloc: 'v',
  free: 'M',
} as const;

/** Without a name in the loader: constructors of the module, and where its stack begins. */
const unnamed = { construct: 'u', stackRestore: 'Ma', stackCurrent: 'Oa' } as const;

export type QuickJs = { readonly [K in keyof typeof exportNames | keyof typeof unnamed]: Exported } & {
  readonly memory: Memory;
};

/** What the module may ask. A call that throws unwinds it whole: no script can catch that. */
interface HostOf {
  /** ms since 1970. */
  now(): number;
  /** Whether the memory may become that large. */
  mayGrow(bytes: number): boolean;
  /** Asked about every 10 000 calls and backward jumps, and while matching patterns. */
  interrupted(): void;
  /** The one function that scripts' globals are made with; 0 is undefined. */
  called(argv: Pointer): Pointer;
  /** An import; it has to throw inside the module and give 0. */
  imported(name: Pointer): void;
}

export function compileQuickJs(): QuickJsModule {
  const path = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm');
  return new WebAssembly.Module(readFileSync(path));
}

const broken = (what: string) => (): never => {
  throw new Failure('HOLDFAST_CELL_CRASHED', `the sandbox stopped itself: ${what}`);
};

/** Always UTC, so that a cell says the same on every machine. `at`: struct tm, 11 words. */
function utc(memory: Memory, seconds: number, at: Pointer): void {
  const date = new Date(seconds * 1000);
  const year = date.getUTCFullYear();
  const dayOfYear = Math.floor((date.getTime() - Date.UTC(year, 0, 1)) / 86_400_000);
  const time = [date.getUTCSeconds(), date.getUTCMinutes(), date.getUTCHours(), date.getUTCDate()];
  const day = [date.getUTCMonth(), year - 1900, date.getUTCDay(), dayOfYear, 0, 0, 0];
  new Int32Array(memory.buffer, at, 11).set([...time, ...day]);
}

/** `zone`, `daylight`: words; the names of both zones: text that ends with 0. */
function utcZone(memory: Memory, zone: Pointer, daylight: Pointer, ...names: Pointer[]): void {
  const bytes = new Uint8Array(memory.buffer);
  for (const word of [zone, daylight]) bytes.fill(0, word, word + 4);
  for (const name of names) bytes.set([0x55, 0x54, 0x43, 0], name);
}

export function linkQuickJs(module: QuickJsModule, host: HostOf): QuickJs {
  const memory = new WebAssembly.Memory({ initial: initialPages, maximum: mostPages });
  const grow = (wanted: number): number => {
    const bytes = wanted >>> 0;
    const more = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes);
    if (!host.mayGrow(memory.buffer.byteLength + more * pageBytes)) return 0;
    try {
      memory.grow(more);
      return 1;
    } catch {
      return 0;
    }
  };
  const noEnvironment = (count: Pointer, size: Pointer): number => {
    for (const word of [count, size]) new Int32Array(memory.buffer, word, 1)[0] = 0;
    return 0;
  };
  /** The module frees what it is given. */
  const copied = (text: Pointer): Pointer => {
    const size = new Uint8Array(memory.buffer).indexOf(0, text) + 1 - text;
    const copy = quickJs.malloc(size);
    new Uint8Array(memory.buffer).copyWithin(copy, text, text + size);
    return copy;
  };
  const imports = {
    a: memory,
    b: broken('an assertion failed'),
    c: () => 0, // writing to a file: nothing is written
    d: () => 52, // closing one: not supported
    e: () => 0,
    f: noEnvironment,
    g: (_runtime: number, _context: number, _base: Pointer, name: Pointer) => copied(name),
    h: (_runtime: number, _context: number, name: Pointer) => {
      host.imported(name);
      return 0;
    },
    i: () => {
      host.interrupted();
      return 0;
    },
    j: () => 0, // a timer of the operating system: none
    k: grow,
    l: () => undefined,
    m: (seconds: bigint, at: Pointer) => utc(memory, Number(seconds), at),
    n: (...at: [Pointer, Pointer, Pointer, Pointer]) => utcZone(memory, ...at),
    o: () => 70, // seeking in a file: not a file
    p: () => host.now(),
    q: broken('it aborted'),
    r: broken('it left'),
    s: (_context: number, _self: Pointer, _count: number, argv: Pointer) => host.called(argv),
    t: () => undefined,
  };
  const { exports } = new WebAssembly.Instance(module, { a: imports });
  const named = Object.entries({ ...exportNames, ...unnamed }).map(([name, short]) => [name, exports[short]]);
  const quickJs = { ...Object.fromEntries(named), memory } as QuickJs;
  quickJs.construct();
  return quickJs;
}

/** Where the module keeps the end of its heap: the word that moves when a large piece is taken from it. */
export function heapEndPlace(module: QuickJsModule): Pointer {
  const nobody = { now: () => 0, mayGrow: () => false, interrupted: () => {}, imported: () => {} };
  const { malloc, memory, stackCurrent } = linkQuickJs(module, { ...nobody, called: broken('it called nobody') });
  const data = new Uint32Array(memory.buffer, 0, (stackCurrent() - stackRegionBytes) / 4);
  const before = data.slice();
  const large = 1024 * 1024;
  let end = malloc(large) + large;
  let found = 0;
  for (const [i, word] of data.entries()) {
    if (word === before[i] || word <= end || word > memory.buffer.byteLength) continue;
    found = i * 4;
    end = word;
  }
  assert(found > 0, 'the sandbox says where its heap ends');
  return found;
}
