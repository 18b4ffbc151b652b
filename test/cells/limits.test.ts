import { describe, expect, test } from 'vitest';
import type { CellLimits } from '../../events/cell.ts';
import { inlineCells } from '../../src/cells/inline.ts';
import { ended, fired, ran, said, specOf } from './specs.ts';

const cells = inlineCells();
const MiB = 1024 * 1024;

/** Code and first line of the text with which a script ended. */
async function end(source: string, limits: Partial<CellLimits>): Promise<[string, string]> {
  const { error } = (await ran(cells, source, { limits })).end!;
  return [error?.code ?? 'completed', error?.text.split('\n')[0] ?? ''];
}

describe('each limit has its own error', () => {
  test('[CE10] memory counts whatever holds it: objects, texts, ArrayBuffers, patterns, the stack', async () => {
    const limits = { memoryBytes: 24 * MiB };
    const told = ['HOLDFAST_CELL_MEMORY_LIMIT', `the cell needs more than ${24 * MiB} bytes of memory`];
    for (const source of [
      'const all = []; for (;;) all.push({})',
      'const all = []; for (;;) all.push(new ArrayBuffer(100_000))',
      'const all = []; for (;;) all.push(new Float64Array(10_000).fill(1))',
      'new ArrayBuffer(1e9)',
      'new ArrayBuffer(10, { maxByteLength: 1e9 }).resize(9e8)',
      'const all = []; for (let i = 0; ; i += 1) all.push("x".repeat(50_000) + i)',
      'const all = new Map(); for (let i = 0; ; i += 1) all.set(i, [i])',
      'const all = []; for (;;) all.push(new Promise(() => {}))',
      'for (;;) Promise.resolve().then(() => {})',
      'Array.from({ length: 1e8 }, (_, i) => i)',
      'const f = () => Promise.resolve().then(f); f(); await new Promise(() => {})',
      'JSON.parse("[" + "[1],".repeat(3e6) + "1]")',
    ]) {
      expect(await end(source, limits), source).toEqual(told);
    }
  });

  test('[CE10] a script that catches the end of its memory goes on in what is left', async () => {
    const source =
      'let all = []; try { for (;;) all.push(new ArrayBuffer(1e6)) } catch (e) { const n = all.length; all = []; text([e.message, n]) }';
    const [line] = await said(cells, source, { limits: { memoryBytes: 32 * MiB } });
    const [message, n] = JSON.parse(line!) as [string, number];
    expect(message).toBe('out of memory');
    expect(n).toBeGreaterThan(20);
    expect(n).toBeLessThan(32);
  });

  test('[CE10] what was done before the memory ended is told', async () => {
    const drain = await ran(cells, "text('first'); store('k', 1); const all = []; for (;;) all.push({})", {
      limits: { memoryBytes: 16 * MiB },
    });
    expect(drain).toMatchObject({ items: [{ text: 'first' }], end: { kind: 'failed', writes: { k: 1 } } });
  });

  test('[CE10] time of the processor, for one drain and for the cell', async () => {
    const told = 'the cell ran for more than 20 ms without waiting for anything, or for more than 60 ms in all';
    expect(await end('for (;;);', { drainMs: 20, cpuMs: 60 })).toEqual(['HOLDFAST_CELL_CPU_LIMIT', told]);
    const of = specOf('for (;;) { await tools.echo(); for (let i = 0; i < 5e5; i += 1); text(1) }', {
      limits: { drainMs: 20, cpuMs: 60 },
    });
    await cells.create(of);
    const last = await (async () => {
      for (let n = 1; ; n += 1) {
        const [drain] = await cells.feed(of.cellId, [ended(n, '')]);
        if (drain!.end !== undefined) return drain;
        expect(n).toBeLessThan(60);
      }
    })();
    expect(last).toMatchObject({ end: { error: { code: 'HOLDFAST_CELL_CPU_LIMIT', text: told } } });
    expect(last!.offset).toBeGreaterThan(2);
  });

  test('[CE9] time is no limit for steps that the log says were taken', async () => {
    const of = specOf('for (let i = 0; i < 4e6; i += 1); text(await tools.echo()); for (;;);', {
      limits: { drainMs: 5 },
    });
    const drains = await cells.create(of, [ended(1, 'recorded')]);
    expect(drains.map((drain) => drain.end?.error?.code)).toEqual([undefined, 'HOLDFAST_CELL_CPU_LIMIT']);
    expect(drains[1]!.items).toEqual([{ text: 'recorded' }]);
  });

  test('[CE10][C-29] output: texts, images and notices together, empty ones too; a loop that only prints ends there', async () => {
    const told = ['HOLDFAST_CELL_OUTPUT_LIMIT', 'the cell wrote more than 10000 characters'];
    for (const source of ["text('x'.repeat(100))", "text('')", "notify('n')", "image('data:' + 'x'.repeat(100))"]) {
      expect(await end(`for (;;) ${source}`, { outputBytes: 10_000 }), source).toEqual(told);
    }
    const drain = await ran(cells, "for (;;) text('12345678')", { limits: { outputBytes: 10_000 } });
    expect(drain.items).toHaveLength(Math.floor(10_000 / (10 + 16)));
    expect(await end('try { for (;;) text(1) } catch { exit() }', { outputBytes: 100 })).toEqual([
      told[0],
      'the cell wrote more than 100 characters',
    ]);
  });

  test('[CE10] timers that are set, and calls that are open', async () => {
    const many = (n: number, what: string) =>
      `for (let i = 0; i < ${n}; i += 1) { ${what} } await new Promise(() => {})`;
    const limits = { timers: 3, pendingCalls: 3 };
    expect(await end(many(4, 'setTimeout(() => {})'), limits)).toEqual([
      'HOLDFAST_CELL_TIMER_LIMIT',
      'the cell has more than 3 timers',
    ]);
    expect(await end(many(4, 'tools.echo()'), limits)).toEqual([
      'HOLDFAST_CELL_CALL_LIMIT',
      'the cell waits for more than 3 tool calls at once',
    ]);
    const of = specOf(`${many(3, 'setTimeout(() => setTimeout(() => {}))')}`, { limits });
    expect((await cells.create(of))[0]!.end).toBeUndefined();
    expect((await cells.feed(of.cellId, [fired(1), fired(2)])).map(({ pending }) => pending.timers)).toEqual([
      [2, 3, 4],
      [3, 4, 5],
    ]);
    expect((await ran(cells, many(30, 'clearTimeout(setTimeout(() => {}))'), { limits })).end).toBeUndefined();
  });

  test('[CE10] the source, and calls that are nested too deep', async () => {
    expect(await end(`text('ü')//${'ü'.repeat(500)}`, { sourceBytes: 1000 })).toEqual([
      'HOLDFAST_CELL_SOURCE_LIMIT',
      'the source of the cell has more than 1000 bytes',
    ]);
    const told = [
      'HOLDFAST_CELL_STACK_LIMIT',
      `the calls of the cell are nested deeper than ${64 * 1024} bytes of stack`,
    ];
    for (const source of [
      'function f() { return f() + 1 } f()',
      'class A { get a() { return this.a } } new A().a',
      'const o = { toString() { return "" + this } }; String(o)',
      'const p = new Proxy({}, { get(t, k, r) { return r[k] } }); p.x',
      'let a = []; for (let i = 0; i < 1e5; i += 1) a = [a]; JSON.stringify(a)',
      'eval("(".repeat(1e5))',
    ]) {
      expect(await end(source, { stackBytes: 64 * 1024 }), source).toEqual(told);
    }
    const source = 'let n = 0; function f() { n += 1; f() } try { f() } catch { text(n) }';
    expect(Number((await said(cells, source))[0])).toBeGreaterThan(500);
  });

  test('[CE10] of an error with thousands of lines the first twenty are told', async () => {
    const drain = await ran(cells, 'function f() { return f() + 1 } f()');
    expect(drain.end!.error!.text.split('\n')).toHaveLength(22);
    expect(drain.end!.error!.text).toMatch(/… \d+ more lines$/);
  });
});
