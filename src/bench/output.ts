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

/** Time on processors and on the clock, in ms. */
interface Took {
  readonly ms: number;
  readonly cpuMs: number;
}

/**
 * An engine that has let go begins again while the programs of its agent run: until all of them are attached again, and
 * that is durable, and their host has told how each of them is.
 */
async function reattach({ dir, small }: BenchContext): Promise<{ readonly processes: number; readonly took: Took[] }> {
  const processes = small ? 2 : 200;
  const folder = join(dir, 'reattach');
  const file = { roots: [{ name: 'root', prompt: 'Run them.', model: 'script' }], limits: { processes } };
  const calls = Array.from({ length: processes }, (_, n) => ({
    ...{ call: 'exec_command', id: `c${n}` },
    args: { cmd: 'exec sleep 600', login: false, yield_time_ms: 30_000 },
  }));
  const begin = async (fresh: boolean): Promise<Life> => {
    const log = await openLog(folder);
    const told = whenever<void>();
    const running = whenever<void>();
    const world = liveWorld(folder, log);
    const connect = async () => {
      const host = await world.hosts.connect();
      const list = async () => {
        const all = await host!.list();
        told.resolve();
        return all;
      };
      return host && { ...host, list };
    };
    let left = processes;
    const stop = log.follow((events) => {
      left -= events.filter(({ type }) => type === 'ProcessStarted').length;
      if (left === 0) running.resolve();
    });
    const model = answers(({ n }) => (n === 1 ? { items: calls } : silence));
    const parts = { ...world, hosts: { ...world.hosts, connect }, models: () => model };
    const life = await Life.begin(parts, fresh ? { fleetId: newId(), cwd: '/', file } : undefined);
    await (fresh ? running : told).promise;
    stop();
    return life;
  };
  let life = await begin(true);
  const took: Took[] = [];
  for (let round = 0; round < (small ? 1 : 9); round += 1) {
    await life.abandon();
    const start = performance.now();
    const before = process.cpuUsage();
    life = await begin(false);
    const { user, system } = process.cpuUsage(before);
    took.push({ ms: performance.now() - start, cpuMs: (user + system) / 1e3 });
  }
  await life.stop('bench', 'end');
  return { processes, took };
}

export async function outputFigures(context: BenchContext): Promise<Figure[]> {
  context.progress('output of programs');
  const rates = await throughput(context);
  const { processes, took } = await reattach(context);
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
      what: `an engine begins again beside a host with ${processes} live programs, until all are attached again`,
      value: median(took.map(({ ms }) => ms)),
      unit: 'ms',
      reach: { valueMax: 50 },
      details: { processes, 'ms on processors': median(took.map(({ cpuMs }) => cpuMs)) },
    }),
  ];
}
