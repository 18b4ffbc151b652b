import { readFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { EventOf, EventType, HoldfastEvent } from '../../events/catalogue.ts';
import type { FleetFile } from '../../events/fleetFile.ts';
import { hostOfLog } from '../../src/host/client.ts';
import { Accounts } from './accounts.ts';
import { dice } from './dice.ts';
import { Lives } from './lives.ts';
import { withTraces } from './traces.ts';

const long = process.env.HOLDFAST_LONG !== undefined;
const main = JSON.parse(readFileSync(new URL('../../fixtures/fleets/main.json', import.meta.url), 'utf8')) as FleetFile;
const opened: Lives[] = [];

afterEach(() => {
  for (const lives of opened.splice(0)) lives.remove();
});

function begin(real: boolean, through: 'library' | 'command line' = 'library') {
  const { fleet, traces } = withTraces(main, real);
  const lives = new Lives(fleet, through);
  opened.push(lives);
  return { lives, traces };
}

const ofType = <T extends EventType>(events: readonly HoldfastEvent[], type: T): EventOf<T>[] =>
  events.filter((event) => event.type === type) as unknown as EventOf<T>[];

/** The last message of every agent's turns, in order. */
function answers(events: readonly HoldfastEvent[], { paths }: Accounts): Record<string, string[]> {
  const said: Record<string, string[]> = {};
  for (const { data } of ofType(events, 'TurnCompleted'))
    (said[paths.get(data.agentId) ?? ''] ??= []).push(String(data.message));
  return said;
}

/** What the scripts of the main job say at the end of each turn. */
const expected = Object.fromEntries(
  Object.entries(main.scripts ?? {}).map(([path, lists]) => [
    path,
    lists.flatMap((list) => (Array.isArray(list) ? list.flatMap((item) => ('say' in item ? [item.say] : [])) : [])),
  ]),
);

/** Calls by `path id` that ended without anybody knowing whether they took effect. */
const indeterminate = (events: readonly HoldfastEvent[], { paths }: Accounts): string[] =>
  ofType(events, 'ToolCallEnded')
    .filter(({ data }) => data.outcome === 'indeterminate')
    .map(({ data }) => `${paths.get(data.agentId)} ${data.callId}`);

/** Calls by `path id` whose command was ended by somebody. */
function stopped(events: readonly HoldfastEvent[], { paths }: Accounts): string[] {
  const ended = new Set(ofType(events, 'ProcessTerminated').map(({ data }) => data.processId));
  return ofType(events, 'ProcessRequested')
    .filter(({ data }) => ended.has(data.processId))
    .map(({ data }) => `${paths.get(data.agentId)} ${data.callId}`);
}

async function settled(lives: Lives) {
  const events = await lives.events();
  const accounts = new Accounts().add(events);
  expect(accounts.faults).toEqual([]);
  expect(accounts.finished()).toEqual([]);
  const [first] = ofType(events, 'FleetOpened');
  expect(lives.left(first!.data.fleetId)).toEqual([]);
  await expect.poll(() => hostOfLog(lives.log), { timeout: 10_000 }).toBeUndefined();
  return { events, accounts };
}

describe('a fleet that is killed', () => {
  // Several kills in a row, some of them during the recovery from the one before, each followed by a resume.
  const plans = Array.from({ length: long ? 20 : 1 }, (_, i) => ({
    seed: i + 1,
    kills: 6,
    real: long && i % 4 === 0,
    through: i % 2 === 0 ? ('command line' as const) : ('library' as const),
  }));
  let killed = 0;
  afterAll(() => expect(killed).toBeGreaterThanOrEqual(long ? 100 : 6));
  test.each(plans)(
    '[TU6] does every agent’s work once, whatever the moments ($kills kills, seed $seed, $through)',
    { timeout: 180_000 },
    async ({ seed, kills, real, through }) => {
      const { lives, traces } = begin(real, through);
      const roll = dice(seed);
      let done = false;
      for (let kill = 0; kill < kills && !done; kill += 1) {
        // The first hits any moment of the job, a third of the others the first milliseconds of a life.
        const lines = kill === 0 ? 1 + roll(320) : roll(3) === 0 ? 1 + roll(12) : 1 + roll(50);
        done = await lives.live(lines);
        if (!done) killed += 1;
      }
      if (!done) await lives.live(Number.POSITIVE_INFINITY);

      const { events, accounts } = await settled(lives);
      expect(indeterminate(events, accounts)).toEqual([]);
      const carriedOut = lives.traces();
      const never = traces.filter((line) => !carriedOut.includes(line));
      // A command that is stopped on order may be stopped before its first line.
      expect(never.filter((line) => !stopped(events, accounts).includes(line))).toEqual([]);
      expect([...carriedOut, ...never].sort()).toEqual(traces.sort());
      expect(answers(events, accounts)).toEqual(expected);
      expect(ofType(events, 'EngineStarted').length).toBeGreaterThan(1);
      expect(ofType(events, 'EngineStopped')).toHaveLength(1);
    },
  );

  test.each(Array.from({ length: long ? 8 : 1 }, (_, i) => ({ seed: 101 + i })))(
    '[PR8] together with its process host carries out nothing twice and leaves nobody running (seed $seed)',
    { timeout: 180_000 },
    async ({ seed }) => {
      const { lives, traces } = begin(false);
      const roll = dice(seed);
      for (let kill = 0; kill < 4; kill += 1)
        expect(await lives.live(1 + roll(70), { host: kill % 2 === 1 })).toBe(false);
      expect(await lives.live(Number.POSITIVE_INFINITY)).toBe(true);

      const { events, accounts } = await settled(lives);
      // What was lost with the host cost its call, and no more: everybody came to an end, and the root to its answer.
      const said = answers(events, accounts);
      expect(Object.keys(said).sort()).toEqual(Object.keys(expected).sort());
      expect(said['/root']).toEqual(expected['/root']);
      const done = lives.traces();
      const unknown = indeterminate(events, accounts);
      expect(done.filter((line, i) => done.indexOf(line) !== i && !unknown.includes(line))).toEqual([]);
      expect(done.filter((line) => !traces.includes(line))).toEqual([]);
    },
  );
});
