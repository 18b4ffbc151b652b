/** Processes of every temper outlive an engine that is killed again and again: no byte, no code and no child is lost. */
import { spawn } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import type { Process } from '../../projections/state.ts';
import { type Fleet, openFleet } from '../../src/fleet.ts';
import { readSpool } from '../../src/host/spoolReader.ts';
import { Inspector } from '../../src/simulate/check/inspector.ts';
import { Lives } from './lives.ts';
import { fleetOf, type Program, programs } from './programs.ts';

const long = process.env.HOLDFAST_LONG !== undefined;
const [count, kills] = long ? [200, 200] : [18, 4];
/** So that they talk and flood for as long as there are kills. */
const pace = long ? { talks: 600, pauseS: 0.5, floods: 50 } : { talks: 30, pauseS: 0.1, floods: 5 };
/** For programs to end and for a loaded machine to say so. */
const patience = { timeout: long ? 300_000 : 60_000, interval: 100 };

const opened: { remove(): void }[] = [];
afterEach(() => {
  for (const it of opened.splice(0)) it.remove();
});

function spooled(log: string, processId: number): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; ; ) {
    const part = readSpool(log, processId, at, 1 << 20);
    if (part === undefined || part.to <= at) return Buffer.concat(parts);
    expect(part.omitted).toBe(0);
    parts.push(part.bytes);
    at = part.to;
  }
}

const open = async (fleet: Fleet): Promise<Process[]> => (await fleet.processes()).filter((p) => p.end === undefined);

/** In the order in which they were asked for. */
function asExpected(log: string, all: readonly Process[], expected: readonly Program[]): void {
  expect(all.map(({ processId }) => processId)).toEqual(expected.map((_, n) => 1000 + n));
  for (const [n, { cmd, output, code }] of expected.entries()) {
    const { processId, end } = all[n]!;
    expect([cmd, end?.how, end?.code, end?.signal]).toEqual([
      cmd,
      ...(code === undefined ? [undefined, undefined, undefined] : ['exited', code, null]),
    ]);
    expect(spooled(log, processId).equals(Buffer.from(output)), `output of ${cmd}`).toBe(true);
    if (end !== undefined) expect(end.outputBytes).toBe(output.length);
  }
}

test(`[PR1][PR5][PR6][PR8] ${count} processes live through ${kills} kills of their engine, and a clean leaves none of them`, async () => {
  const expected = programs(count, pace);
  const forever = expected.filter(({ code }) => code === undefined).length;
  const lives = new Lives(fleetOf(expected));
  opened.push(lives);
  const foreign = spawn('sleep', ['1000'], { stdio: 'ignore' });
  opened.push({ remove: () => foreign.kill('SIGKILL') });

  let seed = 7;
  const dice = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  // Once while they are being started, then before, while and after a life meets the host.
  await lives.live(2 + dice(3 * count));
  for (let kill = 1; kill < kills; kill += 1) {
    await lives.live(1 + dice(3), { laterMs: dice(500) });
    if (long && kill % 10 === 0) console.error(`${kill} of ${kills} kills`);
  }

  const fleet = await openFleet({ log: lives.log });
  const ending = (await open(fleet)).length;
  expect(ending).toBeGreaterThanOrEqual(forever);
  await expect.poll(async () => (await open(fleet)).length, patience).toBe(forever);
  asExpected(lives.log, await fleet.processes(), expected);

  const detached = await fleet.detach('/root');
  expect(detached.ok && detached.answer.detached.length).toBe(forever);
  const start = performance.now();
  const cleaned = await fleet.clean();
  expect(cleaned.ok && [cleaned.answer.cleaned.length, cleaned.answer.remaining]).toEqual([forever, []]);
  expect(performance.now() - start).toBeLessThan(10_000);
  const { fleetId } = (await fleet.state()).fleet;
  await fleet.stop();
  expect(lives.left(fleetId)).toEqual([]);
  expect([foreign.exitCode, foreign.signalCode]).toEqual([null, null]);

  const events = await lives.events();
  // I10, PR5 and PR6 after every batch: each process in one place, one end for each start.
  const inspector = new Inspector();
  inspector.look(events);
  expect(inspector.processes.open()).toEqual([]);
  expect(events.filter((e) => e.type === 'ProcessLost' || e.type === 'ProcessLaunchFailed')).toEqual([]);
}, 3_600_000);

test('[RE3][PR5] an agent that is evicted with a running server comes back with the same id and all of its output', async () => {
  const serve = 'i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.05; done';
  const lives = new Lives({ roots: [{ prompt: '-' }] });
  opened.push(lives);
  const fleet = await openFleet({
    log: lives.log,
    fleet: {
      models: { script: { kind: 'script' } },
      roots: [{ prompt: 'go', model: 'script' }],
      scripts: {
        '/root': [[{ call: 'spawn_agent', id: 's', args: { task_name: 'a', message: 'serve' } }]],
        '/root/a': [
          [{ call: 'exec_command', id: 'x', args: { cmd: serve, login: false, yield_time_ms: 250 } }],
          [{ say: 'It serves.' }],
          [{ call: 'write_stdin', id: 'w', args: { session_id: 1000, yield_time_ms: 5_000 } }],
          [{ say: 'It still does.' }],
        ],
      },
    },
  });
  await fleet.whenIdle();
  const before = (await fleet.processes())[0]!;
  expect(await fleet.evict('/root/a')).toMatchObject({ ok: true, answer: { evicted: true } });
  expect((await fleet.processes({ detached: true })).map((p) => [p.processId, p.detached])).toEqual([
    [1000, 'evicted'],
  ]);
  const size = spooled(lives.log, 1000).length;
  await expect.poll(() => spooled(lives.log, 1000).length, patience).toBeGreaterThan(size + 50);

  await fleet.send('/root/a', 'How is it?', { followup: true });
  await fleet.whenIdle();
  const [after] = await fleet.processes({ detached: false });
  expect([after?.processId, after?.pid, after?.startTime]).toEqual([1000, before.pid, before.startTime]);
  await fleet.stop('enough', { processes: 'end' });

  const told = (await lives.events()).flatMap((e) =>
    e.type === 'ToolCallEnded' && e.data.read !== undefined ? [String(e.data.output.text)] : [],
  );
  const ticks = told.join('').match(/tick \d+/g) ?? [];
  expect(ticks.length).toBeGreaterThan(20);
  expect(ticks).toEqual(ticks.map((_, i) => `tick ${i + 1}`));
}, 120_000);
