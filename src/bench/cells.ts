/**
 * Code cells through their port, on threads, beside QuickJS alone: a context and host calls in one module, without any of
 * ours. What is counted is time of the processor, of all threads together.
 */
import { join } from 'node:path';
import { defaultCellLimits } from '../cells/limits.ts';
import { pooledCells } from '../cells/pool.ts';
import type { CellInput, CellRuntime, CellSpec } from '../cells/port.ts';
import { compileQuickJs, linkQuickJs, type Pointer } from '../cells/quickjs.ts';
import type { BenchContext } from './bench.ts';
import { CellFleet, many, one } from './cellFleet.ts';
import { type Figure, figure } from './report.ts';
import { cpuTimed, interleaved, quantile, timed } from './rounds.ts';

/** Calls of one `Promise.all`: each call is a drain of its own, and their results come together, as from a group commit. */
const parallel = 64;

let cells = 0;

function specOf(source: string): CellSpec {
  cells += 1;
  const tools = [{ name: 'echo', description: 'gives back what it was given' }];
  return { cellId: String(cells), source, tools, seed: 'bench', at: 0, store: {}, limits: defaultCellLimits };
}

const ended = (n: number): CellInput => ({
  kind: 'toolEnded',
  callId: `tool-${n}`,
  outcome: 'ok',
  output: { text: 'done' },
  at: n,
});

/** QuickJS alone: `called` is what the host does when a script calls it. */
function alone(called: () => void) {
  const nothing = { now: () => 0, mayGrow: () => true, interrupted: () => {}, imported: () => {} };
  const js = linkQuickJs(compileQuickJs(), {
    ...nothing,
    called: () => {
      called();
      return 0;
    },
  });
  const textAt = (text: string): Pointer => {
    const bytes = Buffer.from(`${text}\0`);
    const at = js.malloc(bytes.length);
    new Uint8Array(js.memory.buffer).set(bytes, at);
    return at;
  };
  const name = textAt('bench.mjs');
  const callName = textAt('call');
  return (source: string): void => {
    const runtime = js.QTS_NewRuntime();
    const context = js.QTS_NewContext(runtime, 0);
    const key = js.QTS_NewString(context, callName);
    const global = js.QTS_GetGlobalObject(context);
    const call = js.QTS_NewFunction(context, callName, 1, 0, 1);
    js.QTS_SetProp(context, global, key, call);
    const code = textAt(source);
    const result = js.QTS_Eval(context, code, source.length, name, 0, 1);
    for (const value of [key, global, call, result]) js.QTS_FreeValuePointer(context, value);
    js.free(code);
    js.QTS_FreeContext(context);
    js.QTS_FreeRuntime(runtime);
  };
}

async function createMs(runtime: CellRuntime, times: number): Promise<number> {
  const ms = await cpuTimed(async () => {
    for (let i = 0; i < times; i += 1) {
      const spec = specOf('text(await tools.echo({ n: 1 }))');
      await runtime.create(spec);
      await runtime.end(spec.cellId);
    }
  });
  return ms / times;
}

async function callRate(runtime: CellRuntime, rounds: number): Promise<number> {
  const ms = await cpuTimed(async () => {
    const spec = specOf(`for (;;) await Promise.all(Array.from({ length: ${parallel} }, () => tools.echo({ n: 1 })))`);
    await runtime.create(spec);
    for (let round = 0; round < rounds; round += 1) {
      const results = Array.from({ length: parallel }, (_, i) => ended(round * parallel + i + 1));
      await runtime.feed(spec.cellId, results);
    }
    await runtime.end(spec.cellId);
  });
  return (rounds * parallel * 1000) / ms;
}

/** What 95 of 100 steps of a quiet cell do not exceed, in ms. */
async function stepMs(runtime: CellRuntime, steps: number): Promise<number> {
  const spec = specOf('for (;;) await tools.echo()');
  await runtime.create(spec);
  const took: number[] = [];
  for (let n = 1; n <= steps; n += 1) took.push(await timed(() => runtime.feed(spec.cellId, [ended(n)])));
  await runtime.end(spec.cellId);
  return quantile(took, 0.95);
}

async function besideSpinner(runtime: CellRuntime, steps: number): Promise<number> {
  const spinner = specOf('for (;;);');
  const over = runtime.create(spinner).catch(() => {});
  const ms = await stepMs(runtime, steps);
  await runtime.end(spinner.cellId);
  await over;
  return ms;
}

async function liveMiB(runtime: CellRuntime, count: number): Promise<number> {
  const before = process.memoryUsage().rss;
  const specs = Array.from({ length: count }, () => specOf('const held = [1, 2, 3]; await tools.echo(); text(held)'));
  await Promise.all(specs.map((spec) => runtime.create(spec)));
  const more = process.memoryUsage().rss - before;
  await Promise.all(specs.map(({ cellId }) => runtime.end(cellId)));
  return more / 2 ** 20;
}

/** `alone`: the same of QuickJS without anything of ours. */
async function durable(dir: string, small: boolean, alone: { create: number; calls: number }): Promise<Figure[]> {
  const fleet = await CellFleet.open(dir);
  try {
    const times = small ? 5 : 300;
    const [each, ofOne] = small ? [1, 1] : [10, 40];
    const { create, calls, oneCell } = await interleaved(small ? 1 : 5, {
      create: () => fleet.frontierMs(times),
      calls: () => fleet.callRate(many, each),
      oneCell: () => fleet.callRate(one, ofOne),
    });
    const createCpuMs = await cpuTimed(() => fleet.frontierMs(times));
    const callsCpuMs = await cpuTimed(() => fleet.callRate(many, each));
    const limitOfCalls = {
      limit: alone.calls,
      limitIs: 'QuickJS alone: calls of a host function that does nothing, per second of the processor',
    };
    return [
      figure({
        figure: 'cells.frontier',
        what: 'a cell is created and comes to its first frontier, both durable, p50',
        value: create,
        unit: 'ms',
        limit: alone.create,
        limitIs: 'QuickJS alone: a context, the same source, in ms of the processor',
        reach: { valueMax: 1 },
        details: { 'ms of the processor': createCpuMs / times },
      }),
      figure({
        figure: 'cells.toolCalls',
        what: `tool calls of ${many.cells} cells, ${many.parallel} at a time in each, every call and every result in the log`,
        value: calls,
        unit: 'calls/s',
        ...limitOfCalls,
        reach: { valueMin: 50_000 },
        details: { 'µs of the processor': (1000 * callsCpuMs) / (each * many.cells * many.parallel) },
      }),
      figure({
        figure: 'cells.oneCell',
        what: `the same of one cell, ${one.parallel} at a time`,
        value: oneCell,
        unit: 'calls/s',
        ...limitOfCalls,
      }),
    ];
  } finally {
    await fleet.close();
  }
}

export async function cellFigures({ dir, small, progress }: BenchContext): Promise<Figure[]> {
  progress('code cells');
  const runtime = pooledCells();
  const rounds = small ? 1 : 5;
  const times = small ? 5 : 300;
  try {
    const bare = alone(() => {});
    const create = await interleaved(rounds, {
      port: () => createMs(runtime, times),
      alone: async () =>
        (await cpuTimed(() => {
          for (let i = 0; i < times; i += 1) bare('call(1); await new Promise(() => {})');
        })) / times,
    });
    const loops = small ? 100 : 100_000;
    const calls = await interleaved(rounds, {
      port: () => callRate(runtime, small ? 2 : 300),
      alone: async () =>
        (loops * 1000) / (await cpuTimed(() => bare(`for (let i = 0; i < ${loops}; i += 1) call({ n: 1 })`))),
    });
    const step = await interleaved(small ? 1 : 3, {
      quiet: () => stepMs(runtime, times),
      beside: () => besideSpinner(runtime, times),
    });
    const count = small ? 20 : 1000;
    const memory = await liveMiB(runtime, count);
    return [
      ...(await durable(join(dir, 'cells'), small, { create: create.alone, calls: calls.alone })),
      figure({
        figure: 'cells.create',
        what: 'the same in the sandbox alone, without engine and log',
        value: create.port,
        unit: 'ms of the processor',
        limit: create.alone,
        limitIs: 'QuickJS alone: a context, the same source',
      }),
      figure({
        figure: 'cells.calls',
        what: `calls in the sandbox alone, ${parallel} at a time, each result a drain of its own with its report`,
        value: calls.port,
        unit: 'calls per second of the processor',
        limit: calls.alone,
        limitIs: 'QuickJS alone: calls of a host function that does nothing',
      }),
      figure({
        figure: 'cells.delay',
        what: 'how much later 95 of 100 steps of a cell are done while another cell spins',
        value: Math.max(0, step.beside - step.quiet),
        unit: 'ms',
        reach: { valueMax: 5 },
        details: { 'ms alone': step.quiet, 'ms beside it': step.beside },
      }),
      figure({
        figure: 'cells.memory',
        what: `${count} live cells, each at a frontier`,
        value: memory,
        unit: 'MiB',
        reach: { valueMax: 1024 },
      }),
    ];
  } finally {
    await runtime.close();
  }
}
