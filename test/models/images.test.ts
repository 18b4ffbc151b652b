/** Images that a cell shows: to models that can see them, in the form of their dialect; to others as words. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { ModelConfig } from '../../events/fleetFile.ts';
import { openFleet } from '../../src/fleet.ts';
import { newPlace } from '../cli/cli.ts';
import { Visitor } from '../mcp/visitor.ts';
import { type Kind, kinds, scripted, served } from './at.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-images-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Longer than a text that lies in an event (64 KiB). */
const data = 'A'.repeat(100_000);
const url = `data:image/png;base64,${data}`;
const show = `text('look'); image('data:image/png;base64,' + 'A'.repeat(${data.length}), 'low')`;

async function asked(kind: Kind, more: object): Promise<string> {
  const at = await scripted({ scripts: { '/root': [[{ exec: show, id: 'e' }], [{ say: 'seen' }]] } });
  const models = { script: { ...served(kind, at.baseUrl).script!, contextTokens: 10_000, ...more } as ModelConfig };
  const roots = [{ prompt: 'go', model: 'script' }];
  const fleet = await openFleet({ log: join(folder, 'log'), fleet: { models, roots } });
  await fleet.whenIdle();
  expect(await fleet.read(({ agents, roots: [root] }) => agents[root!]!.last)).toMatchObject({ message: 'seen' });
  await fleet.stop();
  return JSON.stringify(at.server.asked[1]!.body);
}

test('[MO10] a Responses server is shown an image in the result of its call', async () => {
  expect(await asked('responses', { images: true })).toContain(
    `{"type":"input_image","image_url":"${url}","detail":"low"}`,
  );
});

test('[MO10] a chat server is shown it after the results, since these are text', async () => {
  const body = JSON.parse(await asked('chat', { images: true })) as { messages: { role: string; content: unknown }[] };
  expect(body.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool', 'user']);
  expect(body.messages[4]!.content).toContainEqual({ type: 'image_url', image_url: { url, detail: 'low' } });
});

test.each(kinds)('[MO10] a model that is not said to see is told that there was one (%s)', async (kind) => {
  const body = await asked(kind, {});
  expect(body).toContain('You cannot be shown this image.');
  expect(body).not.toContain(data);
});

test('[MO10] a client gets it as an image, also when it reads the result again', async () => {
  const visitor = await Visitor.of(newPlace({ models: { script: { kind: 'script' } } }));
  const { content, structuredContent } = await visitor.client.callTool({ name: 'exec', arguments: { source: show } });
  expect(content).toContainEqual({ type: 'image', data, mimeType: 'image/png' });
  const { call_id } = structuredContent as { call_id: string };
  expect((await visitor.call('result', { call_id })).fields.images).toEqual([{ imageUrl: url, detail: 'low' }]);
});
