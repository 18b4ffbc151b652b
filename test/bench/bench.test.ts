import { describe, expect, test } from 'vitest';
import { familyNames, renderBench, runBench } from '../../src/bench/bench.ts';
import { figure } from '../../src/bench/report.ts';
import { median, quantile } from '../../src/bench/rounds.ts';

/** Sizes that measure nothing: that every figure can be told, never how large it is. */
describe('holdfast bench', () => {
  test('every family gives figures with value, unit, limit, ratio and verdict, as text and as JSON', async () => {
    const report = await runBench({ small: true });
    const plain = JSON.parse(JSON.stringify(report)) as typeof report;
    expect(plain).toEqual(report);
    expect(new Set(report.figures.map((f) => f.figure.split('.')[0]))).toEqual(new Set(familyNames));
    for (const f of report.figures) {
      expect(Number.isFinite(f.value), f.figure).toBe(true);
      expect(f.ratio === null).toBe(f.limit === null);
      expect(f.ok === null).toBe(f.reach === null);
      expect(renderBench(report)).toContain(f.figure);
    }
  });

  test('an unknown figure is refused with the names of those there are', async () => {
    await expect(runBench({ figures: ['speed'] })).rejects.toMatchObject({
      code: 'HOLDFAST_UNKNOWN_FIGURE',
      details: { known: familyNames },
    });
  });
});

test('a figure is judged by its ratio, its most or its least', () => {
  const base = { figure: 'a.b', what: 'x', unit: 'ms', value: 8, limit: 10, limitIs: 'y' };
  expect(figure({ ...base, reach: { ratioMin: 0.8 } })).toMatchObject({ ratio: 0.8, ok: true });
  expect(figure({ ...base, reach: { ratioMin: 0.81 } }).ok).toBe(false);
  expect(figure({ ...base, reach: { valueMax: 7 } }).ok).toBe(false);
  expect(figure({ ...base, reach: { valueMin: 8 } }).ok).toBe(true);
  expect(figure({ figure: 'a.b', what: 'x', unit: 'ms', value: 8 })).toMatchObject({
    ratio: null,
    limit: null,
    ok: null,
  });
});

test('median and quantile are values that were measured', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
  expect(quantile([1, 2, 3, 4], 0.25)).toBe(1);
});
