/** Output of a program on a terminal: through the process host into its spool, against node-pty alone; and reattachment. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as nodePty from 'node-pty';
import { Life } from '../engine/life.ts';
import { liveWorld, newId, openLog } from '../live.ts';
import type { BenchContext } from './bench.ts';
import { answers, silence, whenever } from './models.ts';
import { type Figure, figure } from './report.ts';
import { interleaved, median } from './rounds.ts';

const line = 'src/engine/engine.ts:214:18 - checked, nothing to say about it; going on with the next one\n';
const waitMsMax = 60_000;

/** Waits for what node-pty still gives after it has told of the exit. */
const lingerMs = 50;

/** MB/s of what came: node-pty can lose the last KiB of a program that ends at once. */
function aloneRate(argv: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const start = performance.now();
    const pty = nodePty.spawn(argv[0]!, argv.slice(1), { encoding: null, cols: 120, rows: 40 });
    let seen = 0;
    let last = start;
    pty.onData((data) => {
      seen += (data as unknown as Buffer).length;
      last = performance.now();
    });
    pty.onExit(() => setTimeout(() => resolve(seen / 1e3 / (last - start)), lingerMs));
  });
}

async function throughput({ dir, small }: BenchContext): Promise<{ host: number; alone: number }> {
  const file = join(dir, 'output');
  // So many that the start of the program does not count beside them.
  const lines = small ? 100 : 500_000;
  writeFileSync(file, line.repeat(lines));
  const folder = join(dir, 'host');
  const log = await openLog(folder);
  const world = liveWorld(folder, log);
  const host = await world.hosts.launch(newId());
  // The terminal turns each \n into \r\n.
  const bytes = (line.length + 1) * lines;
  const argv = ['/bin/cat', file];
  let processId = 1000;
  try {
    return await interleaved(small ? 1 : 5, {
      alone: () => aloneRate(argv),
      host: async () => {
        processId += 1;
        const start = performance.now();
        await host.start({ requestId: `bench/${processId}`, processId, argv, cwd: '/', env: {}, tty: true });
        const end = await host.wait(processId, waitMsMax);
        if (end?.size !== bytes) throw new Error(`the spool holds ${end?.size} bytes, not ${bytes}`);
        return bytes / 1e3 / (performance.now() - start);
      },
    });
  } finally {
    await host.endIfEmpty();
    host.disconnect();
    await log.close();
  }
}

/** An engine that has let go and begins again, while its agent's program runs: until the host has told what it has. */
async function reattachMs({ dir, small }: BenchContext): Promise<number> {
  const folder = join(dir, 'reattach');
  const took: number[] = [];
  const begin = async (fresh: boolean): Promise<Life> => {
    const started = whenever<void>();
    const told = whenever<void>();
    const start = performance.now();
    const log = await openLog(folder);
    const world = liveWorld(folder, log);
    const connect = async () => {
      const host = await world.hosts.connect();
      if (host === undefined) return undefined;
      const list = async () => {
        const all = await host.list();
        told.resolve();
        return all;
      };
      return { ...host, list };
    };
    let asked = false;
    const model = answers(() => {
      if (asked || !fresh) return silence;
      asked = true;
      return { items: [{ call: 'exec_command', id: 'c1', args: { cmd: 'exec sleep 600', yield_time_ms: 30_000 } }] };
    });
    const file = { roots: [{ name: 'root', prompt: 'Run it.', model: 'script' }] };
    const hosts = { ...world.hosts, connect };
    const parts = { ...world, hosts, models: () => model };
    const stop = log.follow((events) => {
      if (events.some((event) => event.type === 'ProcessStarted')) started.resolve();
    });
    const life = await Life.begin(parts, fresh ? { fleetId: newId(), cwd: '/', file } : undefined);
    await (fresh ? started : told).promise;
    stop();
    if (!fresh) took.push(performance.now() - start);
    return life;
  };
  let life = await begin(true);
  for (let round = 0; round < (small ? 1 : 5); round += 1) {
    await life.abandon();
    life = await begin(false);
  }
  await life.stop('bench');
  return median(took);
}

export async function outputFigures(context: BenchContext): Promise<Figure[]> {
  context.progress('output of programs');
  const rates = await throughput(context);
  const reattached = await reattachMs(context);
  return [
    figure({
      figure: 'output.spool',
      what: 'a program on a terminal, its output through the host into the spool',
      value: rates.host,
      unit: 'MB/s',
      limit: rates.alone,
      limitIs: 'node-pty alone',
      reach: { ratioMin: 0.9 },
    }),
    figure({
      figure: 'output.reattach',
      what: 'an engine begins again beside a host with a live program, until it knows about it',
      value: reattached,
      unit: 'ms',
      reach: { valueMax: 50 },
    }),
  ];
}
