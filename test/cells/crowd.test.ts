/** Many cells at once: a hundred in the usual run, a thousand with HOLDFAST_LONG=1. */
import { expect, test } from 'vitest';
import { pooledCells } from '../../src/cells/pool.ts';
import { ended, specOf, texts } from './specs.ts';

const count = process.env.HOLDFAST_LONG === undefined ? 100 : 1000;

test(`[CE12] ${count} live cells hold less than a MiB each, go on when they are asked, and then hold nothing`, async () => {
  const cells = pooledCells();
  try {
    await cells.create(specOf('text(1)'));
    const before = process.memoryUsage().rss;
    const source =
      'const held = Array.from({ length: 100 }, (_, i) => ({ i })); text(await tools.echo()); text(held.length)';
    const all = Array.from({ length: count }, () => specOf(source));
    await Promise.all(all.map((of) => cells.create(of)));
    expect((process.memoryUsage().rss - before) / count).toBeLessThan(1024 * 1024);
    const drains = await Promise.all(all.map(({ cellId }, i) => cells.feed(cellId, [ended(1, String(i))])));
    expect(drains.map(texts)).toEqual(all.map((_, i) => [String(i), '100']));
    for (const { cellId } of all)
      await expect(cells.feed(cellId, [])).rejects.toMatchObject({ code: 'HOLDFAST_CELL_UNKNOWN' });
  } finally {
    await cells.close();
  }
});
