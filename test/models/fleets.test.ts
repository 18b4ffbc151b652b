/** Fleets of models at servers: histories that are too long, and keys. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { FleetFile, Scripts } from '../../events/fleetFile.ts';
import { openFleet } from '../../src/fleet.ts';
import { keyOf } from '../../src/models/key.ts';
import { type Kind, kinds, scripted, served } from './at.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-models-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(fleet: Partial<FleetFile>): Promise<HoldfastEvent[]> {
  const opened = await openFleet({
    log: join(folder, 'log'),
    cwd: '/tmp',
    fleet: {
      models: { script: { kind: 'script' } },
      roots: [{ prompt: 'begin', model: 'script' }],
      retry: { attempts: 2, baseMs: 1, maxMs: 1 },
      ...fleet,
    },
  });
  await opened.whenIdle();
  const events: HoldfastEvent[] = [];
  for await (const page of opened.events()) events.push(...(page as readonly HoldfastEvent[]));
  await opened.stop('done', { processes: 'end' });
  return events;
}

const agents = (id: string) => ({ call: 'list_agents', id, args: {} });
const lastSay = (events: readonly HoldfastEvent[]) =>
  events.flatMap((event) => (event.type === 'TurnCompleted' ? [event.data.message] : [])).at(-1);

describe('[MO6] a history that is too long', () => {
  const scripts: Scripts = {
    '/root': [
      [agents('a')],
      [agents('b')],
      { fail: 'too long', as: 'overflow' },
      [{ say: 'I was to begin, and looked around.' }],
      [{ say: 'done' }],
    ],
  };

  test.each([...kinds, 'script'] as const)(
    '[MO6] is summarised in a sampling of its own, and the turn goes on from the summary (%s)',
    async (kind) => {
      const at = kind === 'script' ? undefined : await scripted({ scripts });
      const models = at === undefined ? { script: { kind: 'script' as const } } : served(kind as Kind, at.baseUrl);
      const events = await run({ models, ...(at === undefined && { scripts }) });
      const [compacted] = events.filter((event) => event.type === 'HistoryCompacted');
      expect(compacted?.data).toMatchObject({ n: 4, summary: 'I was to begin, and looked around.' });
      expect(lastSay(events)).toBe('done');
      if (at === undefined) return;
      const sent = JSON.stringify(at.server.asked.at(-1)!.body);
      expect(sent).toContain('I was to begin, and looked around.');
      // The newest calls and their results are still there, older ones are not.
      expect(sent).toMatch(/"b"/);
      expect(sent).not.toMatch(/"a"/);
    },
  );

  test('[MO6] with nothing in it that a model has answered to fails the turn and says so', async () => {
    const events = await run({ scripts: { '/root': [{ fail: 'too long', as: 'overflow' }] } });
    const [failed] = events.filter((event) => event.type === 'TurnFailed');
    expect(failed?.data).toMatchObject({ error: expect.stringMatching(/alone too long/) });
  });

  test('[MO4] a pause that the server asks for is kept, also when it is longer than ours', async () => {
    const events = await run({
      scripts: { '/root': [{ fail: 'slowly', as: 'limited', retryAfterMs: 120 }, [{ say: 'ok' }]] },
    });
    const [ended] = events.filter((event) => event.type === 'SamplingEnded');
    expect(ended?.data).toMatchObject({ retryInMs: 120 });
    const next = events.find((event) => event.type === 'ModelSampled')!;
    expect(next.at - ended!.at).toBeGreaterThanOrEqual(119);
    expect(lastSay(events)).toBe('ok');
  });
});

describe('[MO7] a key', () => {
  const key = 'key-of-the-test-0123456789';
  afterEach(() => {
    delete process.env.HOLDFAST_TEST_KEY;
  });

  test('[MO7] goes to its server, and neither to commands nor to the log; who answers is recorded without it', async () => {
    process.env.HOLDFAST_TEST_KEY = key;
    const scripts: Scripts = {
      '/root': [
        [{ call: 'exec_command', id: 'env', args: { cmd: 'env | sort', max_output_tokens: 9000 } }],
        [{ say: 'seen' }],
      ],
    };
    const { baseUrl, server } = await scripted({ scripts, key });
    const models = { script: { kind: 'chat' as const, baseUrl, keyVariable: 'HOLDFAST_TEST_KEY', effort: 'low' } };
    const events = await run({ models });
    expect(lastSay(events)).toBe('seen');
    expect(server.asked[0]!.headers.authorization).toBe(`Bearer ${key}`);
    const [output] = events.filter((event) => event.type === 'ToolCallEnded');
    expect(JSON.stringify(output)).toMatch(/HOLDFAST_AGENT=/);
    expect(JSON.stringify(events)).not.toContain(key);
    expect(() => execFileSync('grep', ['-r', key, folder])).toThrow();
    const [spawned] = events.filter((event) => event.type === 'AgentSpawned');
    expect(spawned?.data.config).toEqual({ server: { kind: 'chat', model: 'script', baseUrl, effort: 'low' } });
  });

  test('[MO7] is asked of nobody for a server of one’s own, and missed where it is needed', () => {
    const own = { kind: 'chat', baseUrl: 'http://127.0.0.1:1/v1' } as const;
    expect(keyOf(own, { OPENAI_API_KEY: key })).toBeUndefined();
    expect(keyOf({ kind: 'responses' }, { OPENAI_API_KEY: ` ${key}\n` })).toBe(key);
    const missing = () => keyOf({ ...own, keyVariable: 'MINE' }, { OPENAI_API_KEY: key });
    expect(missing).toThrow(/MINE is not set/);
    expect(() => keyOf({ kind: 'responses' }, {})).toThrow(/OPENAI_API_KEY is not set/);
    expect(() => keyOf({ ...own, keyFile: '/nowhere/key' }, {})).toThrow(/ENOENT/);
  });
});
