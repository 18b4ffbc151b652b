/** Models at a server of the test's own, asked directly. */
import { afterEach } from 'vitest';
import type { ModelConfig } from '../../events/fleetFile.ts';
import type { HistoryItem } from '../../projections/history.ts';
import { type Listening, listen } from '../../src/http/listen.ts';
import { systemClock } from '../../src/live.ts';
import { chat } from '../../src/models/chat.ts';
import type { ServerModel } from '../../src/models/key.ts';
import type { Model, Sampling } from '../../src/models/port.ts';
import { responses } from '../../src/models/responses.ts';
import { type ScriptedListening, type ScriptedOptions, serveScripts } from '../../src/models/scripted.ts';
import { serverModel } from '../../src/models/server.ts';

export const kinds = ['responses', 'chat'] as const;
export type Kind = (typeof kinds)[number];

const open: Listening[] = [];
afterEach(async () => {
  for (const listening of open.splice(0)) await listening.close();
});

export async function scripted(options: ScriptedOptions): Promise<ScriptedListening> {
  const listening = await serveScripts(options);
  open.push(listening);
  return listening;
}

/** A server that answers every request with these events, whatever was asked. */
export async function saying(...events: readonly object[]): Promise<{ baseUrl: string; bodies: unknown[] }> {
  const bodies: unknown[] = [];
  const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
  const listening = await listen(
    async (request) => {
      bodies.push(await request.json());
      return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
    },
    { host: '127.0.0.1', port: 0 },
  );
  open.push(listening);
  return { baseUrl: listening.url, bodies };
}

export function modelAt(kind: Kind, baseUrl: string, more: Partial<ServerModel> = {}, key?: string): Model {
  const config = { kind, baseUrl, ...(kind === 'responses' && { customTools: true }), ...more } as ServerModel;
  const dialect = config.kind === 'responses' ? responses(config, 'm') : chat(config, 'm');
  return serverModel({ name: 'm', config, dialect, key: () => key, clock: systemClock });
}

/** The fleet file's models, answered by a server. */
export const served = (kind: Kind, baseUrl: string): Record<string, ModelConfig> => ({
  script: { kind, baseUrl, ...(kind === 'responses' && { customTools: true }) } as ModelConfig,
});

export const sampling = (more: Partial<Sampling> = {}): Sampling => ({
  agentId: 'id of the agent',
  path: '/root/a',
  rootName: 'root',
  rootId: 'id of the root',
  turnId: 'turn 1',
  n: 1,
  position: 7,
  model: 'm',
  cwd: '/work',
  purpose: 'turn',
  overflows: 0,
  history: [],
  ...more,
});

export const call = (position: number, callId: string, args: unknown = {}, tool = 'list_agents'): HistoryItem => ({
  ...{ kind: 'call', position, callId, tool, args },
});
export const result = (position: number, callId: string, text = 'ok'): HistoryItem => ({
  ...{ kind: 'result', position, callId, outcome: 'ok', text },
});
export const mail = (position: number, text: string, from = '/root'): HistoryItem => ({
  ...{ kind: 'mail', position, mailId: `mail ${position}`, from, mailKind: 'message', trigger: false, text },
});

export const ask = (model: Model, request: Partial<Sampling> = {}) =>
  model.sample(sampling(request), new AbortController().signal);
