/** Memory per agent, known or resident, and disk per tool call. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { foldLog } from '../engine/fold.ts';
import { Life } from '../engine/life.ts';
import { liveWorld, newId, openLog, openReader } from '../live.ts';
import type { BenchContext } from './bench.ts';
import { heapInUse } from './collector.ts';
import { answers, whenever } from './models.ts';
import { type Figure, figure } from './report.ts';
import { Workload } from './workload.ts';

const kibibyte = 1024;

/** Heap of the state of the wide log, per agent of it. */
async function perKnown({ logs }: BenchContext): Promise<{ bytes: number; agents: number }> {
  const { dir, agents } = await logs.wide();
  const log = await openReader(dir);
  const before = heapInUse();
  const state = await foldLog(log, { snapshots: false });
  const bytes = (heapInUse() - before) / Object.keys(state.agents).length;
  await log.close();
  return { bytes, agents };
}

/** Heap that idle children add while they are resident: state, object, model and a short history each. */
async function perResident({ dir, small }: BenchContext): Promise<number> {
  const count = small ? 10 : 2_000;
  const log = await openLog(join(dir, 'resident'));
  const children = whenever<void>();
  let spawned = false;
  const model = answers(({ path }) => {
    if (path !== '/root') return { items: [{ say: 'Done.' }] };
    if (spawned) {
      children.resolve();
      return { items: [{ say: 'Done.' }] };
    }
    spawned = true;
    const args = (task_name: string) => ({ task_name, message: 'Wait for orders.', fork_turns: 'none' });
    const items = Array.from({ length: count }, (_, i) => ({ call: 'spawn_agent', id: `c${i}`, args: args(`a${i}`) }));
    return { items };
  });
  const before = heapInUse();
  const limits = { activeTurns: 10_000, residents: 10_000 };
  const file = { limits, roots: [{ name: 'root', prompt: 'Spawn.', model: 'script' }] };
  const world = { ...liveWorld(join(dir, 'resident'), log), models: () => model };
  const life = await Life.begin(world, { fleetId: newId(), cwd: dir, file });
  await children.promise;
  await life.engine.whenIdle();
  const bytes = (heapInUse() - before) / count;
  await life.stop('bench');
  return bytes;
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce(
    (sum, entry) =>
      sum + (entry.isDirectory() ? bytesIn(join(folder, entry.name)) : statSync(join(folder, entry.name)).size),
    0,
  );
}

const output = 'ok 1 - parses a frame\nok 2 - refuses a frame that was cut\n';

/** Every command's events are synced before the next step, as they are when a host reports them. */
async function perCall({ dir, small }: BenchContext): Promise<{ bytes: number; calls: number; events: number }> {
  const calls = small ? 20 : 4_000;
  const agents = small ? 2 : 16;
  const folder = join(dir, 'calls');
  const load = await Workload.open(folder);
  const root = await load.root('main');
  const children = await load.spawn(
    root,
    Array.from({ length: agents }, (_, i) => `worker_${i}`),
  );
  await load.log.flush();
  const bytes = bytesIn(folder);
  const { position } = load;
  for (let i = 0; i < calls; i += 1) {
    await load.command(children[i % agents]!, `npm test -- --shard ${i % 8}/8 2>&1 | tail -n 20`, output, true);
  }
  const events = (load.position - position) / calls;
  await load.close();
  return { bytes: (bytesIn(folder) - bytes) / calls - output.length, calls, events };
}

export async function footprintFigures(context: BenchContext): Promise<Figure[]> {
  context.progress('memory and disk');
  const known = await perKnown(context);
  const resident = await perResident(context);
  const call = await perCall(context);
  return [
    figure({
      figure: 'footprint.known',
      what: 'memory per known agent that is not loaded',
      value: known.bytes,
      unit: 'bytes',
      reach: { valueMax: kibibyte },
      peers: 'Codex: 1.4 MB per agent',
      details: { agents: known.agents },
    }),
    figure({
      figure: 'footprint.resident',
      what: 'memory per resident idle agent with a history of two items',
      value: resident,
      unit: 'bytes',
      reach: { valueMax: 50 * kibibyte },
      peers: 'Codex: 1.4 MB per agent',
    }),
    figure({
      figure: 'footprint.call',
      what: 'disk per exec_command beyond its output: log, index and all, each step synced on its own',
      value: call.bytes,
      unit: 'bytes',
      reach: { valueMax: 600 },
      peers: 'Codex: 2 500 bytes and the output two to three times',
      details: { calls: call.calls, 'events per call': call.events },
    }),
  ];
}
