/** An evicted agent comes back: from the message that wakes it to the question to its model with its whole history. */
import { Life } from '../engine/life.ts';
import { liveWorld, openLog } from '../live.ts';
import type { BenchContext } from './bench.ts';
import { answers, whenever } from './models.ts';
import { type Figure, figure } from './report.ts';
import { median, quantile } from './rounds.ts';

export async function reloadFigures({ logs, small, progress }: BenchContext): Promise<Figure[]> {
  const { dir, events, veterans } = await logs.busy();
  progress('reloads of evicted agents');
  const log = await openLog(dir);
  let asked = whenever<number>();
  const model = answers(({ history }) => {
    asked.resolve(history.length);
    return { items: [{ say: 'Seen.' }] };
  });
  const life = await Life.begin({ ...liveWorld(dir, log), models: () => model });
  const { engine } = life;
  const wake = async (agentId: string): Promise<{ ms: number; items: number }> => {
    asked = whenever();
    const start = performance.now();
    await engine.submit({ do: 'send', target: agentId, text: 'Go on.', followup: true }, { by: 'operator' });
    const items = await asked.promise;
    const ms = performance.now() - start;
    await engine.whenIdle();
    await engine.submit({ do: 'evict', target: agentId }, { by: 'operator' });
    return { ms, items };
  };
  try {
    const first: number[] = [];
    const later: number[] = [];
    let items = 0;
    for (const agentId of veterans) {
      const woken = await wake(agentId);
      first.push(woken.ms);
      items = woken.items;
    }
    for (let round = 0; round < (small ? 1 : 3); round += 1) {
      for (const agentId of veterans) later.push((await wake(agentId)).ms);
    }
    return [
      figure({
        figure: 'reload.evicted',
        what: `an agent with a history of ${items} items, evicted before, in a log of ${events} events: p99`,
        value: quantile(later, 0.99),
        unit: 'ms',
        reach: { valueMax: 5 },
        peers: 'Codex: about 57 ms',
        details: { p50: median(later), reloads: later.length },
      }),
      figure({
        figure: 'reload.uncached',
        what: 'the same when nothing but the log knows its history (its cache is gone): p50',
        value: median(first),
        unit: 'ms',
        details: { p99: quantile(first, 0.99) },
      }),
    ];
  } finally {
    await life.stop('bench');
  }
}
