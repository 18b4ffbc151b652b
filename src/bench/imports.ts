/** Rollouts of another tool into a log, against `JSON.parse` of the same lines. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLog } from '../live.ts';
import { importRollouts } from '../rollouts/importing.ts';
import type { BenchContext } from './bench.ts';
import { type Figure, figure } from './report.ts';
import { longRollout } from './rolloutMaterial.ts';
import { cpuTimed, median } from './rounds.ts';

export async function importFigures({ dir, quick, small, progress }: BenchContext): Promise<Figure[]> {
  progress('import of rollouts');
  const path = join(dir, 'rollout.jsonl');
  const { bytes } = longRollout(path, small ? 1e6 : quick ? 20e6 : 200e6);
  const megabytes = bytes / 1e6;
  const [rates, parses]: [number[], number[]] = [[], []];
  let [events, memory] = [0, 0];
  for (let round = 0; round < (small ? 1 : 3); round += 1) {
    const log = await openLog(join(dir, `log-${round}`));
    const spent = await cpuTimed(async () => {
      const report = await importRollouts(log, {
        from: 'codex',
        path,
        version: 'bench',
        onProgress: () => {
          // Later rounds hold what they are compared with as well.
          if (round === 0) memory = Math.max(memory, process.memoryUsage.rss());
        },
      });
      events = report.added;
    });
    await log.close();
    rates.push((megabytes / spent) * 1000);
    const lines = readFileSync(path, 'latin1').slice(0, 20e6).split('\n').slice(0, -1);
    const parsed = lines.reduce((sum, line) => sum + line.length + 1, 0) / 1e6;
    parses.push((parsed / (await cpuTimed(() => lines.forEach((line) => void JSON.parse(line))))) * 1000);
  }
  return [
    figure({
      figure: 'import.codex',
      what: 'a Codex rollout into a log, per second of processor time',
      value: median(rates),
      unit: 'MB/s',
      limit: median(parses),
      limitIs: 'JSON.parse alone',
      reach: { valueMin: 50 },
      details: { MB: megabytes, events, 'MB of memory at most': memory / 1e6 },
    }),
  ];
}
