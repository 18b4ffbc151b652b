/** As `spawns.ts`, with models at a server: until the child's first request has come there, the server in this process too. */
import { join } from 'node:path';
import { Life } from '../engine/life.ts';
import { liveWorld, newId, openLog } from '../live.ts';
import { serveScripts } from '../models/scripted.ts';
import type { BenchContext } from './bench.ts';
import { type Figure, figure } from './report.ts';
import { median, quantile } from './rounds.ts';

const limits = { activeTurns: 2_000, residents: 2_000 };

/** Milliseconds of each of `count` spawns, one per answer of the root. */
async function onTheWire(dir: string, count: number): Promise<number[]> {
  const names = Array.from({ length: count }, (_, i) => `c${i}`);
  const spawn = (name: string) => ({
    call: 'spawn_agent',
    id: name,
    args: { task_name: name, message: 'Find out why the build is red.', fork_turns: 'none' },
  });
  const scripts = {
    '/root': [
      ...names.map((name) => [spawn(name), { call: 'wait_agent', id: `${name}?`, args: {} }]),
      [{ say: 'done' }],
    ],
    '/root/*': [[{ say: 'It is green.' }]],
  };
  const { server, baseUrl, close } = await serveScripts({ scripts });
  try {
    const log = await openLog(dir);
    const file = {
      limits,
      models: { script: { kind: 'responses' as const, baseUrl } },
      roots: [{ name: 'root', prompt: 'Spawn.', model: 'script' }],
    };
    const life = await Life.begin(liveWorld(dir, log), { fleetId: newId(), cwd: dir, file });
    await life.engine.whenIdle();
    await life.stop('bench');
    const answers = server.asked.filter(({ path }) => path === '/root');
    return names.map((name, i) => {
      const child = server.asked.find(({ path }) => path === `/root/${name}`);
      return (child?.at ?? Number.NaN) - (answers[i]?.deliveredAt ?? Number.NaN);
    });
  } finally {
    await close();
  }
}

export async function wireFigures({ dir, small, progress }: BenchContext): Promise<Figure[]> {
  progress('requests of spawned agents');
  const count = small ? 5 : 200;
  const took = (await onTheWire(join(dir, 'wire'), count)).slice(Math.floor(count / 4));
  return [
    figure({
      figure: 'spawn.wire',
      what: "from the parent's answer leaving a server to the child's first request there, p50",
      value: median(took),
      unit: 'ms',
      reach: { valueMax: 5 },
      peers: 'Codex: p50 42 ms',
      details: { p99: quantile(took, 0.99), spawns: took.length },
    }),
  ];
}
