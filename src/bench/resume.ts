/** After kill -9 in the middle of work: how long a new process takes until the first resumed turn asks its model again. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.ts';
import type { BenchContext } from './bench.ts';
import { type Figure, figure } from './report.ts';
import type { Resumed } from './resumed.ts';
import { median } from './rounds.ts';

/** Runs from the build, also when a test runs this file from its source. */
function program(): string {
  const here = fileURLToPath(import.meta.url);
  const path = here.includes('/dist/')
    ? fileURLToPath(new URL('./resumed.js', import.meta.url))
    : fileURLToPath(new URL('../../dist/src/bench/resumed.js', import.meta.url));
  if (existsSync(path)) return path;
  throw new Failure('HOLDFAST_BENCH_NOT_BUILT', `${path} does not exist`, { remedy: 'run `npm run build` first' });
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** One life of a process on the log: it tells when it is where we want it, and is killed there. */
async function life(dir: string, tasks: number): Promise<Resumed & { readonly sinceStartMs: number }> {
  const start = performance.now();
  const child = fork(program(), [dir, String(tasks)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the process that resumes ended with code ${code}`);
  });
  const [message] = (await Promise.race([once(child, 'message'), failed])) as [Resumed];
  failed.catch(() => {});
  const sinceStartMs = performance.now() - start;
  await killed(child);
  return { ...message, sinceStartMs };
}

const running = 32;

export async function resumeFigures({ logs, small, progress }: BenchContext): Promise<Figure[]> {
  const { dir, events, agents } = await logs.wide();
  progress('resume after kill -9');
  // The first life gives tasks to agents, so that turns are in progress when it is killed.
  await life(dir, running);
  const rounds = small ? 1 : 5;
  const warm: (Resumed & { sinceStartMs: number })[] = [];
  for (let round = 0; round < rounds; round += 1) warm.push(await life(dir, 0));
  rmSync(join(dir, 'snapshots'), { recursive: true, force: true });
  const cold: (Resumed & { sinceStartMs: number })[] = [];
  for (let round = 0; round < Math.ceil(rounds / 2); round += 1) cold.push(await life(dir, 0));
  const details = (all: readonly (Resumed & { sinceStartMs: number })[]) => ({
    events,
    agents,
    'ms to open the log': median(all.map((r) => r.openMs)),
    'ms since the process was started': median(all.map((r) => r.sinceStartMs)),
  });
  return [
    figure({
      figure: 'resume.snapshot',
      what: `from opening the log to the first of ${running} resumed turns, with a snapshot`,
      value: median(warm.map((r) => r.firstMs)),
      unit: 'ms',
      reach: { valueMax: 250 },
      peers: 'Codex 0.169: 700–1 000 ms for 18 000 lines',
      details: details(warm),
    }),
    figure({
      figure: 'resume.replay',
      what: 'the same from the first event, without a snapshot',
      value: median(cold.map((r) => r.firstMs)),
      unit: 'ms',
      reach: { valueMax: 3_000 },
      details: details(cold),
    }),
  ];
}
