/** How much the simulated world costs: whole histories of the real engine with every fault, by the time that processors work for it. */
import { historyOf } from '../simulate/history.ts';
import { type Report, runHistory } from '../simulate/run.ts';
import type { BenchContext } from './bench.ts';
import { type Figure, figure } from './report.ts';

/** What is done to a fleet from outside, besides all that its agents do. */
const steps = 100;

interface Cost {
  /** Histories per second of processor time, garbage collection and compilation included. */
  readonly perSecond: number;
  readonly reports: readonly Report[];
}

async function cost(from: number, runs: number, thorough: boolean): Promise<Cost> {
  const before = process.cpuUsage();
  const reports: Report[] = [];
  for (let seed = from; seed < from + runs; seed += 1)
    reports.push(await runHistory(historyOf(seed, steps), { thorough }));
  const { user, system } = process.cpuUsage(before);
  return { perSecond: (runs * 1e6) / (user + system), reports };
}

const mean = (reports: readonly Report[], of: (report: Report) => number): number =>
  Math.round(reports.reduce((sum, report) => sum + of(report), 0) / reports.length);

export async function historyFigures({ quick, small, progress }: BenchContext): Promise<Figure[]> {
  progress('simulated histories');
  const runs = small ? 2 : quick ? 150 : 600;
  // What is compiled while it warms up is no part of a long search; after 200 histories it is still more than a tenth.
  await cost(1, runs, false);
  const plain = await cost(10_001, runs, false);
  const thorough = await cost(10_001, Math.ceil(runs / 4), true);
  const details = {
    commandsOutside: steps,
    batches: mean(plain.reports, (report) => report.batches),
    events: mean(plain.reports, (report) => report.events),
    crashes: mean(plain.reports, (report) => report.crashes),
  };
  return [
    figure({
      figure: 'histories.checked',
      what: 'histories of 100 commands in the simulated world, checked after every batch, per second of processor time',
      value: plain.perSecond,
      unit: 'histories/s',
      reach: { valueMin: 300 },
      details,
    }),
    figure({
      figure: 'histories.thorough',
      what: 'the same with the costlier checks: all ways to fold the log, and its whole hash chain',
      value: thorough.perSecond,
      unit: 'histories/s',
    }),
  ];
}
