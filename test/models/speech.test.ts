/** What models are saying, while they say it: for whoever looks on, and in no event. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openFleet } from '../../src/fleet.ts';
import { newPlace } from '../cli/cli.ts';
import { Visitor } from '../mcp/visitor.ts';
import { kinds, scripted, served } from './at.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-speech-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Streams stop after the first half of what is said: two events of chat, three of Responses. */
const half = { chat: 2, responses: 3 } as const;

test.each(kinds)(
  '[MO9] what a model is saying is shown at once, without secrets, and is in no event (%s)',
  async (kind) => {
    const secret = `sk-${'a'.repeat(30)}`;
    const said = `It is ${secret} and so on, and on, and on, and on, and on. `;
    const at = await scripted({
      scripts: { '/root': [[{ say: said + said }]] },
      fault: () => ({ after: half[kind], goes: 'stall' }),
    });
    const fleet = await openFleet({
      log: join(folder, kind),
      fleet: { models: served(kind, at.baseUrl), roots: [{ prompt: 'go', model: 'script' }] },
    });
    const heard = await new Promise<string>((resolve) => {
      const look = () => fleet.saying().map(({ text }) => resolve(text));
      fleet.followSaying(look);
      look();
    });
    expect(heard).toMatch(/^It is \[secret\] and so on/);
    await fleet.interrupt('/root');
    await expect.poll(() => fleet.saying()).toEqual([]);
    const events: unknown[] = [];
    for await (const page of fleet.events()) events.push(...page);
    expect(JSON.stringify(events)).not.toContain('and so on');
    await fleet.stop();
  },
);

test('[MO9] a client that waits reads in notifications of progress what its agents are saying', async () => {
  const at = await scripted({
    scripts: { '/root/teller': [[{ say: 'Once upon a time, there was a log.' }]] },
    fault: () => ({ after: half.chat, goes: 'stall' }),
  });
  const visitor = await Visitor.of(newPlace({ models: served('chat', at.baseUrl) }));
  await visitor.call('spawn_agent', { task_name: 'teller', message: 'tell' });
  const told = new Promise<string>((resolve) => {
    const onprogress = ({ message }: { message?: string }) => message?.includes('\n') && resolve(message);
    void visitor.call('wait_agent', {}, { onprogress }).catch(() => undefined);
  });
  expect(await told).toMatch(/^wait_agent: \d+ s\n\/root\/teller: Once upon a ti/);
});
