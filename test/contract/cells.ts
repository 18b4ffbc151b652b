/**
 * The contract of the cell port: call it with a way to make a runtime, inside a test file of the adapter. It proves what
 * `src/cells/port.ts` promises, and with it CE3, CE9, CE11 and CE12 as far as the sandbox goes.
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { CellInput, CellRuntime, CellSpec, Drain } from '../../src/cells/port.ts';
import { ended, fired, specOf, start, texts } from '../cells/specs.ts';

/** One of each: parallel calls, a timer, time, chance, the store, output of all kinds, an error that is caught. */
const busy = `
  text([Date.now(), Math.random(), load('before')]);
  const [a, b] = await Promise.all([tools.echo({ n: 1 }), tools.echo({ n: 2 })]);
  text([a, b, Date.now(), Math.random()]);
  store('after', { a, b });
  notify('half way');
  yield_control();
  const stopped = setTimeout(() => text('never'), 10);
  await new Promise((resolve) => setTimeout(resolve, 50.7));
  clearTimeout(stopped);
  try {
    await tools.echo();
  } catch (error) {
    text(['caught', error, Date.now()]);
  }
  image('data:image/png;base64,AAAA', 'low');
  await tools.echo('last');
  text(Math.random());
`;

const inputs: readonly CellInput[] = [
  ended(2, 'second'),
  ended(1, 'first', { output: { text: 'first', fields: { output: 'in fields' } } }),
  fired(2, start + 60),
  ended(3, 'it is not certain what was done', { outcome: 'indeterminate', at: start + 61 }),
  ended(4, 'done', { at: start + 62 }),
];

const spec = (): CellSpec => specOf(busy, { store: { before: 'stored' } });

export function cellContract(name: string, make: () => CellRuntime): void {
  describe(`the cell contract of ${name}`, () => {
    const cells = make();
    afterAll(() => cells.close());

    async function oneByOne(of: CellSpec): Promise<Drain[]> {
      const drains = [...(await cells.create(of))];
      for (const input of inputs) drains.push(...(await cells.feed(of.cellId, [input])));
      return drains;
    }

    test('[CE3] one drain comes out for the creation and for each input, with what the cell then waits for', async () => {
      const drains = await oneByOne(spec());
      expect(drains.map((drain) => drain.pending)).toEqual([
        { calls: ['tool-1', 'tool-2'], timers: [] },
        { calls: ['tool-1'], timers: [] },
        { calls: [], timers: [1, 2] },
        { calls: ['tool-3'], timers: [] },
        { calls: ['tool-4'], timers: [] },
        { calls: [], timers: [] },
      ]);
      expect(drains.map((drain) => drain.offset)).toEqual([1, 1, 2, 2, 4, 5]);
      expect(drains.map((drain) => drain.end?.kind)).toEqual([...Array(5).fill(undefined), 'completed']);
      expect(drains[0]!.calls).toEqual([
        { callId: 'tool-1', tool: 'echo', args: { n: 1 } },
        { callId: 'tool-2', tool: 'echo', args: { n: 2 } },
      ]);
      expect(drains[2]).toMatchObject({
        timers: [
          { timerId: 1, delayMs: 10 },
          { timerId: 2, delayMs: 50 },
        ],
        notices: ['half way'],
        yields: [2],
      });
      expect(drains[3]).toMatchObject({ clearedTimers: [1], calls: [{ callId: 'tool-3', tool: 'echo' }] });
      expect(drains[4]!.items).toEqual([
        { text: JSON.stringify(['caught', 'it is not certain what was done', start + 61]) },
        { imageUrl: 'data:image/png;base64,AAAA', detail: 'low' },
      ]);
      expect(drains[5]!.end).toEqual({
        kind: 'completed',
        writes: { after: { a: { output: 'in fields' }, b: 'second' } },
      });
    });

    test('[CE9] a cell made again from its recorded inputs, after any of them, does the same and goes on', async () => {
      const whole = await oneByOne(spec());
      for (let n = 0; n <= inputs.length; n += 1) {
        const again = spec();
        const drains = [...(await cells.create(again, inputs.slice(0, n)))];
        expect(drains).toEqual(whole.slice(0, n + 1));
        if (n < inputs.length) drains.push(...(await cells.feed(again.cellId, inputs.slice(n))));
        expect(drains).toEqual(whole);
      }
    });

    test('[CE9] time is that of the last input, in UTC, and chance follows from the seed', async () => {
      const source = `text(new Date().toString()); text([new Date(2026, 0, 1).getTime(), Date.now()]); text(Math.random())`;
      const run = async (seed: string) => texts(await cells.create(specOf(source, { seed })));
      const [date, times, chance] = await run('one');
      expect(date).toBe('Wed Nov 18 2026 11:06:40 GMT+0000');
      expect(times).toBe(JSON.stringify([Date.UTC(2026, 0, 1), start]));
      expect(await run('one')).toEqual([date, times, chance]);
      expect((await run('two'))[2]).not.toBe(chance);
      expect(Number(chance)).toBeGreaterThan(0);
    });

    test('inputs that come together are taken one by one, and those behind the end are left', async () => {
      const of = specOf(`text(await Promise.race([tools.echo(), tools.echo()]))`);
      await cells.create(of);
      const drains = await cells.feed(of.cellId, [ended(2, 'the faster'), ended(1, 'the slower')]);
      expect(drains).toHaveLength(1);
      expect(drains[0]).toMatchObject({ items: [{ text: 'the faster' }], pending: { calls: ['tool-1'] } });
    });

    test('[CE3] hundreds of results that come together are a drain each, up to the one that ends the cell', async () => {
      const of = specOf(
        'await Promise.all(Array.from({ length: 200 }, (_, i) => tools.echo(i).then(text))); text("all")',
      );
      await cells.create(of);
      const results = Array.from({ length: 200 }, (_, i) => ended(200 - i, String(i)));
      const drains = await cells.feed(of.cellId, results);
      expect(drains.map((drain) => drain.pending.calls.length)).toEqual(results.map((_, i) => 199 - i));
      expect(texts(drains)).toEqual([...results.map((_, i) => String(i)), 'all']);
      expect(drains.findIndex(({ end }) => end !== undefined)).toBe(199);
    });

    test('[CE9] those behind an end are left, however many come together', async () => {
      const of = specOf(
        'for (let n = 1; n < 100; n += 1) tools.echo(n).then(() => n === 70 && exit()); await new Promise(() => {})',
      );
      await cells.create(of);
      const drains = await cells.feed(
        of.cellId,
        Array.from({ length: 99 }, (_, i) => ended(i + 1, '')),
      );
      expect(drains).toHaveLength(70);
      await expect(cells.feed(of.cellId, [ended(71, '')])).rejects.toMatchObject({ code: 'HOLDFAST_CELL_UNKNOWN' });
    });

    test('[CE3] a cell that can never go on says that it waits for nothing', async () => {
      const [drain] = await cells.create(specOf('await new Promise(() => {})'));
      expect(drain).toMatchObject({ pending: { calls: [], timers: [] } });
      expect(drain!.end).toBeUndefined();
    });

    test('cells that run by turns do not see each other', async () => {
      const source = 'globalThis.n = 0; for (;;) { globalThis.n += Number(await tools.echo()); text(globalThis.n) }';
      const both = [specOf(source), specOf(source)];
      for (const of of both) await cells.create(of);
      const sums: string[][] = [[], []];
      for (let round = 1; round <= 5; round += 1) {
        for (const [i, of] of both.entries()) {
          sums[i]!.push(...texts(await cells.feed(of.cellId, [ended(round, String(10 ** i))])));
        }
      }
      expect(sums).toEqual([
        ['1', '2', '3', '4', '5'],
        ['10', '20', '30', '40', '50'],
      ]);
    });

    test('a cell that has taken much memory lives beside small ones', async () => {
      const large = specOf(
        'const all = []; for (;;) { all.push(new Uint8Array(6e6).fill(7)); await tools.echo(); text(all.length) }',
      );
      const small = specOf('for (let n = 0; ; n += 1) { await tools.echo(); text(n) }');
      await cells.create(large);
      await cells.create(small);
      for (let n = 1; n <= 6; n += 1) {
        expect(texts(await cells.feed(large.cellId, [ended(n, '')]))).toEqual([String(n)]);
        expect(texts(await cells.feed(small.cellId, [ended(n, '')]))).toEqual([String(n - 1)]);
      }
      await cells.end(large.cellId);
      expect(texts(await cells.feed(small.cellId, [ended(7, '')]))).toEqual(['6']);
    });

    test('[CE10] a cell whose memory has ended leaves the next one well', async () => {
      for (let round = 0; round < 3; round += 1) {
        const [drain] = await cells.create(specOf('const all = []; for (;;) all.push(new ArrayBuffer(1e6))'));
        expect(drain).toMatchObject({ end: { kind: 'failed', error: { code: 'HOLDFAST_CELL_MEMORY_LIMIT' } } });
        for (let n = 0; n < 3; n += 1) expect(texts(await cells.create(specOf(`text(${n})`)))).toEqual([String(n)]);
      }
    });

    test('[CE10] endless loops end with the time of the processor: plain, in jobs, in a pattern, in what catches', async () => {
      for (const source of [
        'while (true) {}',
        'for (;;) await null',
        '/(a+)+$/.test("a".repeat(50) + "b")',
        'for (;;) { try { for (;;) {} } catch {} finally { continue } }',
        'async function spin() { for (;;) {} } for (;;) spin()',
      ]) {
        const [drain] = await cells.create(specOf(`text('begun'); ${source}`, { limits: { drainMs: 30 } }));
        expect(drain, source).toMatchObject({
          items: [{ text: 'begun' }],
          end: { kind: 'failed', error: { code: 'HOLDFAST_CELL_CPU_LIMIT' } },
        });
      }
    });

    test('[CE12] a cell that has ended, or was ended, is unknown, and holds nothing', async () => {
      const done = specOf('text(1)');
      await cells.create(done);
      const given = specOf('await tools.echo()');
      await cells.create(given);
      await cells.end(given.cellId);
      await cells.end(given.cellId);
      for (const { cellId } of [done, given]) {
        await expect(cells.feed(cellId, [ended(1, '')])).rejects.toMatchObject({ code: 'HOLDFAST_CELL_UNKNOWN' });
      }
    });

    test('an input that nobody waits for is a defect, and the cell stays as it was', async () => {
      const of = specOf('text(await tools.echo())');
      await cells.create(of);
      for (const input of [ended(2, ''), fired(1)]) {
        await expect(cells.feed(of.cellId, [input])).rejects.toMatchObject({ code: 'HOLDFAST_DEFECT' });
      }
      expect(texts(await cells.feed(of.cellId, [ended(1, 'yes')]))).toEqual(['yes']);
    });

    test('after a close nothing is run', async () => {
      const other = make();
      const of = specOf('await tools.echo()');
      await other.create(of);
      await other.close();
      await other.close();
      for (const attempt of [() => other.create(specOf('')), () => other.feed(of.cellId, [ended(1, '')])]) {
        await expect(attempt()).rejects.toMatchObject({ code: 'HOLDFAST_CELLS_CLOSED' });
      }
    });
  });
}
