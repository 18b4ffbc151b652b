import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { agentsOf, type HoldfastEvent } from '../../events/catalogue.ts';
import { timesOf } from '../../src/why/agentTime.ts';
import { holdfast, json, newPlace, type Place } from './cli.ts';

/** What can be asked of a log that nobody owns. */

interface Why {
  readonly because: string;
  readonly events: readonly HoldfastEvent[];
}

const types = (why: Why): string[] => why.events.map(({ type }) => type);

describe('why', () => {
  test('explains a refusal by its call, its holders, and what freed their slots', async () => {
    const place = await lived();
    const last = await json<Why>(place, 'why', 'refusal', 'last', '--log', place.log);
    expect(last.because).toMatch(/activeTurns is 1, taken by \/root\/one; what would free one/);
    expect(types(last)).toEqual(
      expect.arrayContaining(['ToolCallStarted', 'SlotReserved', 'SlotRefused', 'ToolCallEnded', 'SlotReleased']),
    );
    const positions = last.events.map(({ position }) => position);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    const refused = last.events.find(({ type }) => type === 'SlotRefused') as HoldfastEvent & {
      data: { refusalId: string };
    };
    // Its id, and the part of it that lines for people show, mean the same.
    for (const id of [refused.data.refusalId, refused.data.refusalId.slice(-12)])
      expect((await json<Why>(place, 'why', 'refusal', id, '--log', place.log)).events).toEqual(last.events);
  });

  test('explains a slot, an agent and a mail', async () => {
    const place = await lived();
    const slot = await json<Why>(place, 'why', 'slot', '/root/two', '--log', place.log);
    expect(slot.because).toMatch(/was held by \/root\/two from #\d+ to #\d+ \(completed\)/);
    expect(types(slot)).toEqual(
      expect.arrayContaining(['SlotReserved', 'SlotCommitted', 'TurnStarted', 'TurnCompleted', 'SlotReleased']),
    );
    const agent = await json<Why>(place, 'why', 'agent', '/root/one', '--log', place.log);
    expect(agent.because).toMatch(
      /\/root\/one is completed since #\d+ \(Done\.\), not in memory: evicted at #\d+ \(lru\) to make room for \/root\/(two|three); its time: /,
    );
    expect(types(agent)).toEqual(
      expect.arrayContaining(['AgentSpawned', 'AgentLoaded', 'TurnCompleted', 'AgentEvicted']),
    );
    const accepted = await json<(HoldfastEvent & { data: { mailId: string } })[]>(
      place,
      'log',
      '--type',
      'MailAccepted',
      '--log',
      place.log,
    );
    const mail = await json<Why>(place, 'why', 'mail', accepted.at(-1)!.data.mailId, '--log', place.log);
    expect(mail.because).toMatch(/was taken by a turn of \/root at #\d+/);
    expect(types(mail)).toEqual(expect.arrayContaining(['MailAccepted', 'MailConsumed']));
    const text = await holdfast(place, 'why', 'agent', '/root/one', '--log', place.log);
    expect(text.stdout.split('\n')[2]).toMatch(/^#1 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} FleetOpened/);
    // Short first: with --full the same chain, whole.
    const full = await holdfast(place, 'why', 'agent', '/root/one', '--full', '--log', place.log);
    expect(full.stdout.split('\n').length - 3).toBe(agent.events.length);
    expect(text.stdout.split('\n').length).toBeLessThanOrEqual(20);
  });

  test('accounts for all the time of each agent', async () => {
    const place = await lived();
    const log = await json<HoldfastEvent[]>(place, 'log', '--log', place.log);
    const now = log.at(-1)!.at;
    for (const { type, data, at } of log) {
      if (type !== 'AgentSpawned') continue;
      const { agentId, path } = data as { agentId: string; path: string };
      const times = timesOf(agentId, log, now);
      expect(
        Object.values(times).reduce((sum, ms) => sum + ms, 0),
        path,
      ).toBe(now - at);
      // The root waits for the others; they never wait.
      expect(times.waiting > 0, path).toBe(path === '/root');
    }
  });
});

test('log: positions, types and agents choose events; JSON is one array of what jsonl has in lines', async () => {
  const place = await lived();
  const all = await json<HoldfastEvent[]>(place, 'log', '--log', place.log);
  expect(all.map(({ position }) => position)).toEqual(all.map((_, i) => i + 1));
  const some = await json<HoldfastEvent[]>(
    place,
    'log',
    '--from',
    '3',
    '--to',
    '20',
    '--type',
    'agentspawned,AgentLoaded',
    '--log',
    place.log,
  );
  expect(some).toEqual(
    all.filter(({ position, type }) => position >= 3 && position <= 20 && /^Agent(Spawned|Loaded)$/.test(type)),
  );
  const of = await json<HoldfastEvent[]>(place, 'log', '--agent', '/root/one', '--log', place.log);
  const one = all.find(({ type, data }) => type === 'AgentSpawned' && (data as { path: string }).path === '/root/one');
  const id = (one!.data as { agentId: string }).agentId;
  const about = all.filter((event) => agentsOf(event).includes(id)).map(({ position }) => position);
  expect(of.map(({ position }) => position)).toEqual(about);
  expect(of.length).toBeGreaterThan(8);
});

test('show: a projection now and as it was, and what differs between two positions', async () => {
  const place = await lived();
  const { slotsMostAt } = await json<{ slotsMostAt: number }>(place, 'resume', '--log', place.log);
  const [then] = await json<{ held: { path: string }[] }[]>(
    place,
    'show',
    'slots',
    '--at',
    String(slotsMostAt),
    '--log',
    place.log,
  );
  expect(then?.held.map(({ path }) => path)).toEqual(['/root/one']);
  const [now] = await json<{ held: unknown[] }[]>(place, 'show', 'slots', '--log', place.log);
  expect(now?.held).toEqual([]);
  const at = String(slotsMostAt);
  const { differences } = await json<{ differences: { path: string }[] }>(
    place,
    'diff',
    '--at',
    at,
    '--at',
    String(slotsMostAt + 1),
    '--log',
    place.log,
  );
  expect(differences.map(({ path }) => path)).toContain('$.position');
  expect((await json<{ agents: unknown[] }>(place, 'show', '--log', place.log)).agents).toHaveLength(4);
});

test('doctor says what it found and leaves nothing behind', async () => {
  const place = newPlace();
  const { ok, findings } = await json<{ ok: boolean; findings: { what: string; is: string }[] }>(
    place,
    'doctor',
    '--log',
    place.log,
  );
  expect(ok).toBe(true);
  expect(findings.map(({ what }) => what)).toEqual(
    expect.arrayContaining(['node', 'terminals', 'disk', 'sync', 'log', 'owner', 'process host']),
  );
  const wrong = await holdfast(place, 'doctor', '--log', place.fleet);
  expect([wrong.code, wrong.stdout]).toEqual([1, expect.stringMatching(/wrong +log .*\n +remedy: /)]);
  expect(readdirSync(place.folder)).toEqual(['fleet.json']);
});

async function lived(): Promise<Place> {
  const place = newPlace();
  expect((await holdfast(place, 'run', place.fleet, '--log', place.log)).code).toBe(0);
  expect(readdirSync(place.log)).not.toContain('engine.sock');
  expect(readdirSync(place.log)).not.toContain('owner.json');
  return place;
}
