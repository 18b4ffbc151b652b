/**
 * One scenario (three children, mail, a follow-up, an interrupt, a long command, a cell) has the same outcome when its root
 * is a script and when it is a client that makes the same calls.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { FleetFile, ScriptItem } from '../../events/fleetFile.ts';
import { openReader } from '../../src/live.ts';
import { holdfast, newPlace, type Place } from '../cli/cli.ts';
import { Visitor } from './visitor.ts';

const long = process.env.HOLDFAST_LONG !== undefined;
const times = long ? 20 : 1;

const scenario = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../fixtures/fleets/scenario.json', import.meta.url)), 'utf8'),
) as FleetFile;

const rootLists = scenario.scripts!['/root'] as ScriptItem[][];

/** What became of everybody but the root, and what the root was told. */
async function outcomeOf(place: Place): Promise<object> {
  const log = await openReader(place.log);
  const events: HoldfastEvent[] = [];
  for await (const page of log.read()) events.push(...(page as HoldfastEvent[]));
  await log.close();
  const spawned = events.flatMap((e) => (e.type === 'AgentSpawned' ? [e.data] : []));
  const root = spawned.find(({ parentId }) => parentId === undefined)!;
  const of = (agentId: string) => spawned.find((agent) => agent.agentId === agentId)!.path;
  const ends = events.flatMap((e) =>
    e.type === 'TurnCompleted' || e.type === 'TurnInterrupted' || e.type === 'TurnFailed'
      ? [[of(e.data.agentId), e.type, 'message' in e.data ? e.data.message : '']]
      : [],
  );
  const processes = events.flatMap((e) =>
    e.type === 'ProcessRequested' ? [[of(e.data.agentId), e.data.command.at(-1)]] : [],
  );
  return {
    ends: ends.filter(([path]) => path !== '/root').sort(),
    told: events.flatMap((e) =>
      e.type === 'MailAccepted' && e.data.to === root.agentId && e.data.from !== 'operator'
        ? [[e.data.kind, e.data.text]]
        : [],
    ),
    processes: processes.sort(),
    exits: events
      .filter((e) => e.type === 'ProcessExited' || e.type === 'ProcessTerminated')
      .map((e) => e.type)
      .sort(),
    cells: events.flatMap((e) => (e.type === 'CellCompleted' ? [of(e.data.agentId)] : [])),
  };
}

async function asScript(): Promise<object> {
  const place = newPlace(scenario);
  expect((await holdfast(place, 'run', place.fleet, '--log', place.log)).code).toBe(0);
  return outcomeOf(place);
}

async function asClient(): Promise<object> {
  const { roots: _, ...fleet } = scenario;
  const place = newPlace(fleet);
  const visitor = await Visitor.of(place, { name: 'root' });
  for (const list of rootLists) {
    const calls = list.flatMap((item) => ('call' in item ? [visitor.call(item.call, item.args)] : []));
    for (const { isError, text } of await Promise.all(calls)) expect(isError, text).toBe(false);
  }
  await visitor.close();
  await expect
    .poll(async () => (await holdfast(place, 'show', '--log', place.log, '-o', 'json')).stdout)
    .toContain('"engine": "stopped"');
  return outcomeOf(place);
}

test(
  `[MC2][MC3] the scenario has one outcome through a script and through MCP, ${times} of ${times} times`,
  async () => {
    const expected = await asScript();
    for (let n = 0; n < times; n += 1) expect(await asClient()).toEqual(expected);
  },
  long ? 1_200_000 : 120_000,
);
