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
  let loadedAt = 0;
  const unfollow = log.follow((group) => {
    if (group.some((event) => event.type === 'AgentLoaded')) loadedAt = performance.now();
  });
  const reloads: number[] = [];
  const wakings: number[] = [];
  let items = 0;
  try {
    for (let round = 0; round < (small ? 1 : 5); round += 1) {
      for (const agentId of veterans) {
        asked = whenever();
        const start = performance.now();
        await engine.submit({ do: 'send', target: agentId, text: 'Go on.', followup: true }, { by: 'operator' });
        items = await asked.promise;
        const now = performance.now();
        reloads.push(now - loadedAt);
        wakings.push(now - start);
        await engine.whenIdle();
        await engine.submit({ do: 'evict', target: agentId }, { by: 'operator' });
      }
    }
  } finally {
    unfollow();
    await life.stop('bench');
  }
  return [
    figure({
      figure: 'reload.evicted',
      what: `from the durable AgentLoaded to the question with its history of ${items} items, in a log of ${events} events, p99`,
      value: quantile(reloads, 0.99),
      unit: 'ms',
      reach: { valueMax: 5 },
      peers: 'Codex: about 57 ms',
      details: { p50: median(reloads), 'p50 with the message that wakes it': median(wakings), reloads: reloads.length },
    }),
  ];
}
