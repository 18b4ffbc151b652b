/** Cells on threads keep the contract of the port, and what only threads can promise. They run from the build. */
import { describe, expect, test } from 'vitest';
import { pooledCells } from '../../src/cells/pool.ts';
import { cellContract } from '../contract/cells.ts';
import { ended, said, specOf, texts } from './specs.ts';

cellContract('threads', pooledCells);

/** Each would go on for hours; the last ones stay inside one built-in function, where nobody can be asked. */
const endless = {
  'a plain loop': 'while (true) {}',
  'endless jobs': 'for (;;) await null',
  'a pattern': '/(a+)+$/.test("a".repeat(60) + "b")',
  'a loop that catches': 'for (;;) { try { for (;;) {} } catch {} finally { continue } }',
  'built-in functions that take long': 'const s = "x".repeat(1e6); let i = 0; for (;;) Symbol.for(s + i++)',
  'one built-in function': '[].concat.call([], { length: 2 ** 32 - 1, [Symbol.isConcatSpreadable]: true })',
  'another one': 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)',
};

describe('a cell that spins', () => {
  test.each(Object.entries(endless))('[CE10] %s ends within a second of its termination', async (_, source) => {
    const cells = pooledCells();
    try {
      const of = specOf(`await tools.echo(); ${source}`);
      await cells.create(of);
      const fed = cells.feed(of.cellId, [ended(1, '')]);
      const refused = expect(fed).rejects.toMatchObject({ code: 'HOLDFAST_CELL_UNKNOWN' });
      expect(await said(cells, 'text(1)')).toEqual(['1']);
      const begun = performance.now();
      await cells.end(of.cellId);
      // A second is what is promised; this machine may be busy with other tests.
      expect(performance.now() - begun).toBeLessThan(process.env.HOLDFAST_LONG === undefined ? 5000 : 1000);
      await refused;
      expect(await said(cells, 'text(2)')).toEqual(['2']);
    } finally {
      await cells.close();
    }
  });

  test.each(Object.entries(endless))('[CE10] %s ends with its time', async (_, source) => {
    const cells = pooledCells();
    try {
      const of = specOf(source, { limits: { drainMs: 20 } });
      const [drain] = await cells.create(of);
      expect(drain!.end).toMatchObject({ kind: 'failed', error: { code: 'HOLDFAST_CELL_CPU_LIMIT' } });
      await expect(cells.feed(of.cellId, [ended(1, '')])).rejects.toMatchObject({ code: 'HOLDFAST_CELL_UNKNOWN' });
    } finally {
      await cells.close();
    }
  });

  test('[CE10][C-22] delays nobody: others go on while it spins, also those that were given to its thread', async () => {
    const cells = pooledCells();
    try {
      const others = Array.from({ length: 20 }, () =>
        specOf('for (let n = 0; ; n += 1) { await tools.echo(); text(n) }'),
      );
      await Promise.all(others.map((of) => cells.create(of)));
      const spinning = Array.from({ length: 3 }, () => specOf('for (;;);'));
      let over = 0;
      const spins = spinning.map((of) => cells.create(of).finally(() => (over += 1)));
      const gone = Promise.allSettled(spins);
      for (let n = 1; n <= 10; n += 1) {
        const drains = await Promise.all(others.map(({ cellId }) => cells.feed(cellId, [ended(n, '')])));
        expect(drains.map(texts)).toEqual(others.map(() => [String(n - 1)]));
      }
      expect(over).toBe(0);
      await Promise.all(spinning.map(({ cellId }) => cells.end(cellId)));
      expect((await gone).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    } finally {
      await cells.close();
    }
  });

  test('is given up where it is by a close', async () => {
    const cells = pooledCells();
    const spins = expect(cells.create(specOf('for (;;);'))).rejects.toMatchObject({ code: 'HOLDFAST_CELLS_CLOSED' });
    await said(cells, 'text(1)');
    await cells.close();
    await spins;
  });
});

test('many jobs that are taken from a busy thread and given again are each done once', async () => {
  const cells = pooledCells();
  try {
    const source = 'for (;;) { const n = Number(await tools.echo()); for (let i = 0; i < n; i += 1); text(n) }';
    const all = Array.from({ length: 300 }, () => specOf(source));
    await Promise.all(all.map((of) => cells.create(of)));
    for (let n = 1; n <= 5; n += 1) {
      // Every seventh takes longer than a thread may have it and keep the others.
      const steps = all.map((_, i) => (i % 7 === n ? 200_000 : i));
      const drains = await Promise.all(all.map(({ cellId }, i) => cells.feed(cellId, [ended(n, String(steps[i]))])));
      expect(drains.map(texts)).toEqual(steps.map((step) => [String(step)]));
    }
  } finally {
    await cells.close();
  }
});

test('what is asked of one cell at once is done in the order in which it was asked', async () => {
  const cells = pooledCells();
  try {
    const of = specOf('for (;;) text(await tools.echo())');
    const asked = [cells.create(of), ...[1, 2, 3].map((n) => cells.feed(of.cellId, [ended(n, `answer ${n}`)]))];
    expect((await Promise.all(asked)).map(texts)).toEqual([[], ['answer 1'], ['answer 2'], ['answer 3']]);
    const last = [cells.feed(of.cellId, [ended(4, 'kept')]), cells.end(of.cellId)];
    await expect(last[0]).rejects.toMatchObject({ code: 'HOLDFAST_CELL_UNKNOWN' });
    await last[1];
  } finally {
    await cells.close();
  }
});
