/** A client of the official SDK whose server is killed at random moments, and that goes on with the next one as a program would. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateMessageResultWithTools } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { FleetFile, ModelConfig, Scripts } from '../../events/fleetFile.ts';
import { openReader } from '../../src/live.ts';
import type { ModelItem } from '../../src/models/port.ts';
import { holdfast, newPlace, type Place } from '../cli/cli.ts';
import { type Going, Visitor } from '../mcp/visitor.ts';
import { scripted, served } from '../models/at.ts';
import { Accounts, answered } from './accounts.ts';
import { dice } from './dice.ts';

const long = process.env.HOLDFAST_LONG !== undefined;
const killsWanted = long ? 50 : 3;
/** Each agent's. */
const commands = long ? 10 : 4;

const children = ['a', 'b', 'c'] as const;
const traced = (line: string): string => `echo '${line}' >> traces; sleep 0.1`;

/** Each runs commands one after the other, and says that it is done. */
const scripts: Scripts = Object.fromEntries(
  children.map((name) => [
    `/root/${name}`,
    [
      ...Array.from({ length: commands }, (_, i) => [
        { call: 'exec_command', id: `c${i}`, args: { cmd: traced(`/root/${name} ${i}`) } },
      ]),
      [{ say: `${name} is done` }],
    ],
  ]),
);

/** What the client calls, each once. */
const program = [
  ...children.map((task_name) => ({ tool: 'spawn_agent', args: { task_name, message: 'go' } })),
  ...[1, 2].map((n) => ({ tool: 'exec_command', args: { cmd: traced(`/root ${n}`) } })),
];

interface Asked {
  readonly path: string;
  readonly n: number;
}

/** Who answers for the agents: a server of models, or the client itself. */
interface Answering {
  readonly asked: readonly Asked[];
  readonly models: Record<string, ModelConfig>;
  readonly going: Going;
}

async function byServer(kind: 'responses' | 'chat', onAsked: () => void): Promise<Answering> {
  const fault = () => void onAsked();
  const { server, baseUrl } = await scripted({ scripts, fault });
  return { asked: server.asked, models: served(kind, baseUrl), going: {} };
}

function byClient(onAsked: () => void): Answering {
  const asked: Asked[] = [];
  const answers = async ({ metadata }: { metadata?: object }): Promise<CreateMessageResultWithTools> => {
    const { agent_path: path, sampling } = metadata as { agent_path: string; sampling: string };
    asked.push({ path, n: Number(sampling) });
    onAsked();
    const [item] = scripts[path]![Number(sampling) - 1] as ModelItem[];
    const shared = { model: 'the client', role: 'assistant' as const };
    if ('say' in item!) return { ...shared, stopReason: 'endTurn', content: { type: 'text', text: item.say } };
    const { call, id, args } = item as Extract<ModelItem, { call: string }>;
    return {
      ...shared,
      stopReason: 'toolUse',
      content: { type: 'tool_use', id, name: call, input: args as object },
    } as CreateMessageResultWithTools;
  };
  return { asked, models: { client: { kind: 'sampling' } }, going: { sampling: { kind: 'tools', answers } } };
}

async function eventsOf(place: Place): Promise<HoldfastEvent[]> {
  const log = await openReader(place.log);
  const events: HoldfastEvent[] = [];
  for await (const page of log.read()) events.push(...(page as HoldfastEvent[]));
  await log.close();
  return events;
}

interface Made {
  readonly call_id: string;
  readonly tool: string;
  readonly outcome: string;
}

/** The program, from wherever the log says that it is; rejects when the server dies. */
async function goOn(visitor: Visitor, heard: Set<string>): Promise<void> {
  const hear = (mail: readonly string[]) => {
    for (const text of mail) heard.add(text);
  };
  const { calls } = (await visitor.call('result')).fields as { calls: Made[] };
  const made = calls.filter((call) => program.some(({ tool }) => tool === call.tool));
  for (const { tool, args } of program.slice(made.length)) hear((await visitor.call(tool, args)).mail);
  while (heard.size < children.length) {
    const { text, mail } = await visitor.call('wait_agent', { timeout_ms: 10_000 });
    hear(mail);
    const lost = mail.length === 0 && text.includes('Nothing to wait for');
    expect(lost, `${[...heard].join(', ')}; and nothing more is to come`).toBe(false);
  }
  const open = async () => ((await visitor.call('result')).fields.calls as Made[]).some((c) => c.outcome === 'open');
  await expect.poll(open, { timeout: 20_000 }).toBe(false);
  // The next call says that the mail of the last one was read.
  await visitor.call('list_agents');
}

/** One fleet, killed as often as there are kills left: says how often it was. */
async function killed(seed: number, kills: number): Promise<number> {
  const roll = dice(seed);
  let onAsked = () => {};
  const told = () => onAsked();
  const answering = seed % 3 === 2 ? byClient(told) : await byServer(seed % 3 === 0 ? 'responses' : 'chat', told);
  const file: Partial<FleetFile> = { models: answering.models, limits: { waitMs: { min: 100 } } };
  const place = newPlace(file);
  const heard = new Set<string>();
  const again: string[] = [];
  let lives = 0;
  for (let done = false; !done; lives += 1) {
    const before = lives === 0 ? new Set<string>() : answered(await eventsOf(place));
    const from = answering.asked.length;
    let left = 1 + roll(long ? 4 : 2);
    const afterMs = roll(120);
    const visitor = await Visitor.of(place, { name: 'tester', fleet: lives === 0, ...answering.going });
    const dies =
      lives >= kills
        ? undefined
        : new Promise<void>((resolve) => (onAsked = () => --left === 0 && setTimeout(resolve, afterMs)));
    const went = goOn(visitor, heard).then(() => 'done' as const);
    went.catch(() => {});
    done = (await Promise.race([went, ...(dies === undefined ? [] : [dies])])) === 'done';
    onAsked = () => {};
    if (done) await visitor.close();
    else await visitor.kill();
    const asked = answering.asked.slice(from).map(({ path, n }) => `${path} ${n}`);
    again.push(...asked.filter((what, i) => before.has(what) || asked.indexOf(what) !== i));
  }
  await expect
    .poll(async () => (await holdfast(place, 'show', '--log', place.log, '-o', 'json')).stdout, { timeout: 30_000 })
    .toContain('"engine": "stopped"');
  expect(again).toEqual([]);
  expect([...heard].sort()).toEqual(children.map((name) => `${name} is done`));
  const events = await eventsOf(place);
  const accounts = new Accounts().add(events);
  expect(accounts.faults).toEqual([]);
  expect(accounts.finished()).toEqual([]);
  const traces = existsSync(join(place.folder, 'traces'))
    ? readFileSync(join(place.folder, 'traces'), 'utf8').trim().split('\n')
    : [];
  expect(traces.filter((line, i) => traces.indexOf(line) !== i)).toEqual([]);
  const unsure = events.filter((e) => e.type === 'ToolCallEnded' && e.data.outcome === 'indeterminate').length;
  expect(traces.length).toBeGreaterThanOrEqual(children.length * commands + 2 - unsure);
  return lives - 1;
}

test(`[MO5][TU6][MC1] a server that is killed ${killsWanted} times under its clients asks for no recorded answer again, runs nothing twice, and loses no result`, {
  timeout: long ? 1_800_000 : 180_000,
}, async () => {
  for (let seed = 0, kills = 0; kills < killsWanted; seed += 1) {
    // Short: one fleet whose client answers itself.
    const one = await killed(long ? seed : 2, killsWanted - kills);
    expect(one).toBeGreaterThan(0);
    kills += one;
  }
});
