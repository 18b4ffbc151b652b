/** One scenario, answered from scripts, by a server in each dialect, and by servers that fail all the time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { FleetFile, Scripts } from '../../events/fleetFile.ts';
import { openFleet } from '../../src/fleet.ts';
import type { Asked, ScriptedOptions, WireFault } from '../../src/models/scripted.ts';
import { fleetFile } from '../fleets/lived.ts';
import { type Kind, kinds, scripted, served } from './at.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

const long = process.env.HOLDFAST_LONG !== undefined;
const scenario = fleetFile('scenario');

interface Ran {
  readonly events: readonly HoldfastEvent[];
  readonly outcome: Outcome;
}

async function run(fleet: FleetFile): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-scenario-'));
  try {
    const opened = await openFleet({ log: join(folder, 'log'), fleet, cwd: '/tmp' });
    await opened.whenIdle();
    const events: HoldfastEvent[] = [];
    for await (const page of opened.events()) events.push(...(page as readonly HoldfastEvent[]));
    await opened.stop('done', { processes: 'end' });
    return { events, outcome: outcomeOf(events) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runServed(kind: Kind, more: Partial<ScriptedOptions> = {}) {
  const { server, baseUrl } = await scripted({ scripts: scenario.scripts!, thinks: true, ...more });
  const retry = { attempts: 2, baseMs: 1, maxMs: 1 };
  const ran = await run({ ...scenario, retry, models: served(kind, baseUrl) });
  return { ...ran, asked: server.asked };
}

const said = ({ path, n }: Asked): string => `${path} ${n}`;

describe('[MO1] the scenario', () => {
  const times = long ? 20 : 1;
  let expected: Promise<Ran> | undefined;
  const scriptOutcome = async () => (await (expected ??= run(scenario))).outcome;

  test('[MO1] answered from scripts comes to its end', { timeout: 120_000 }, async () => {
    const outcome = await scriptOutcome();
    expect(Object.keys(outcome).sort()).toEqual(['/root', '/root/builder', '/root/counter', '/root/watcher']);
    expect(outcome['/root']).toContain('TurnCompleted The shed is built; 42 planks are left.');
    expect(outcome['/root/watcher']).toContain('TurnInterrupted ');
    for (let again = 1; again < times; again += 1) expect((await run(scenario)).outcome).toEqual(outcome);
  });

  test.each(long ? kinds : (['responses'] as const))(
    '[MO1] answered by a server that speaks %s comes to the same',
    { timeout: 240_000 },
    async (kind) => {
      for (let time = 0; time < times; time += 1) {
        const { outcome, asked } = await runServed(kind);
        expect(outcome).toEqual(await scriptOutcome());
        expect(new Set(asked.map(said)).size).toBe(asked.length);
        expect(asked.every(({ deliveredAt }) => deliveredAt !== undefined)).toBe(true);
      }
    },
  );

  test.each(long ? kinds : (['chat'] as const))(
    '[MO3][MO4] answered by a server (%s) that fails every other time comes to the same, each failure a fact',
    { timeout: 240_000 },
    async (kind) => {
      const faults: readonly WireFault[] = [
        { status: 503, message: 'overloaded' },
        { after: 2, goes: 'cut' },
        { status: 429, message: 'slowly', headers: { 'retry-after-ms': '5' } },
        { after: 1, goes: 'end' },
        { after: 1, goes: 'garbage' },
      ];
      const scripts = listsTwice(scenario.scripts!);
      const fault = ({ n }: Asked) => (n % 2 === 1 ? faults[(n >> 1) % faults.length] : undefined);
      const { outcome, events, asked } = await runServed(kind, { scripts, fault });
      expect(outcome).toEqual(await scriptOutcome());
      const failed = events.filter((event) => event.type === 'SamplingEnded' && event.data.outcome === 'failed');
      expect(failed).toHaveLength(asked.length / 2);
    },
  );
});

/** A failure has a number too: each list stands twice, for the request that fails and for the one that does not. */
const listsTwice = (scripts: Scripts): Scripts =>
  Object.fromEntries(Object.entries(scripts).map(([path, lists]) => [path, lists.flatMap((list) => [list, list])]));
