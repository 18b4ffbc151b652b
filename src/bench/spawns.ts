/** From a parent's answer with `spawn_agent` to the first question to the child's model, everything durable in between. */
import { join } from 'node:path';
import { Life } from '../engine/life.ts';
import { liveWorld, newId, openLog } from '../live.ts';
import type { ModelItem, Sampled } from '../models/port.ts';
import type { BenchContext } from './bench.ts';
import { answers, whenever } from './models.ts';
import { type Figure, figure } from './report.ts';
import { median, quantile } from './rounds.ts';

const spawn = (name: string): ModelItem => ({
  call: 'spawn_agent',
  id: name,
  args: { task_name: name, message: 'Find out why the build is red.', fork_turns: 'none' },
});

const limits = { activeTurns: 2_000, residents: 2_000 };

/** One root; each answer it gives comes from `next`, each first question to a child goes to `asked`. */
async function begin(dir: string, next: () => Promise<Sampled>, asked: (path: string) => void): Promise<Life> {
  const log = await openLog(dir);
  const models = () =>
    answers(({ path }) => {
      if (path === '/root') return next();
      asked(path);
      return { items: [{ say: 'It is green.' }] };
    });
  const file = { limits, roots: [{ name: 'root', prompt: 'Spawn.', model: 'script' }] };
  return Life.begin({ ...liveWorld(dir, log), models }, { fleetId: newId(), cwd: dir, file });
}

/** Milliseconds of each of `count` spawns, one per answer. */
async function oneByOne(dir: string, count: number): Promise<number[]> {
  const took: number[] = [];
  let start = 0;
  let child = whenever<void>();
  const next = async (): Promise<Sampled> => {
    if (took.length > 0 || start > 0) await child.promise;
    if (took.length === count) return { items: [{ say: 'done' }] };
    child = whenever();
    start = performance.now();
    return { items: [spawn(`c${took.length}`)] };
  };
  const life = await begin(dir, next, () => {
    took.push(performance.now() - start);
    child.resolve();
  });
  await life.engine.whenIdle();
  await life.stop('bench');
  return took;
}

/** Milliseconds from one answer with `count` spawns to the last child's first question. */
async function allAtOnce(dir: string, count: number): Promise<number> {
  let start = 0;
  let asked = 0;
  const all = whenever<number>();
  const next = async (): Promise<Sampled> => {
    if (start > 0) return { items: [{ say: 'done' }] };
    start = performance.now();
    return { items: Array.from({ length: count }, (_, i) => spawn(`c${i}`)) };
  };
  const life = await begin(dir, next, () => {
    asked += 1;
    if (asked === count) all.resolve(performance.now() - start);
  });
  const took = await all.promise;
  await life.engine.whenIdle();
  await life.stop('bench');
  return took;
}

export async function spawnFigures({ dir, small, progress }: BenchContext): Promise<Figure[]> {
  progress('spawns');
  const count = small ? 5 : 400;
  const took = (await oneByOne(join(dir, 'one'), count)).slice(Math.floor(count / 4));
  const many = small ? 10 : 500;
  const rounds: number[] = [];
  for (let round = 0; round < (small ? 1 : 5); round += 1)
    rounds.push(await allAtOnce(join(dir, `many${round}`), many));
  return [
    figure({
      figure: 'spawn.one',
      what: "from the parent's answer to the child's first sampling, p50",
      value: median(took),
      unit: 'ms',
      reach: { valueMax: 2 },
      peers: 'Codex: p50 42 ms',
      details: { p99: quantile(took, 0.99), spawns: took.length },
    }),
    figure({
      figure: 'spawn.many',
      what: `${many} spawns in one answer, until the last child is sampled`,
      value: median(rounds),
      unit: 'ms',
      reach: { valueMax: 500 },
      peers: 'Codex: 9 500 ms',
      details: { first: rounds[0]! },
    }),
  ];
}
