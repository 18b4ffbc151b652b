/** MCP, metrics and health over HTTP: for programs of this machine that know the token. */
import { statSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, test } from 'vitest';
import { newPlace } from '../cli/cli.ts';
import { type Served, serving } from './serving.ts';
import { Visitor } from './visitor.ts';

const fleet = {
  models: { script: { kind: 'script' } },
  limits: { activeTurns: 1 },
  scripts: { '/root/quick': [[{ say: 'quick is done' }]], '/root/stuck': [{ hang: true }] },
};

async function visit({ url, token }: Served, name = 'web'): Promise<Visitor> {
  const client = new Client({ name, version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return new Visitor(client);
}

test('[MC8] a client over HTTP acts as a root, and finds it again when the server was killed', async () => {
  const place = newPlace(fleet);
  const { served, server } = await serving(place, 'mcp', '--http', '0');
  expect(statSync(served.tokenFile).mode & 0o777).toBe(0o600);
  const web = await visit(served);
  await web.call('spawn_agent', { task_name: 'quick', message: 'go' });
  expect((await web.call('wait_agent')).mail).toEqual(['quick is done']);
  server.child.kill('SIGKILL');
  await server.exit;

  const again = await serving(place, 'mcp', '--http', '0');
  expect(again.served.token).toBe(served.token);
  const back = await visit(again.served);
  const { fields } = await back.call('list_agents');
  expect(fields.agents.map((agent: { agent_name: string }) => agent.agent_name)).toEqual(['/root', '/root/quick']);
});

test('[MC8] without the token, or from a page of elsewhere, nobody is answered', async () => {
  const { served } = await serving(newPlace(fleet), 'mcp', '--http', '0');
  const ask = (headers: Record<string, string>) => fetch(served.url, { method: 'POST', body: '{}', headers });
  expect((await ask({})).status).toBe(401);
  expect((await ask({ authorization: 'Bearer wrong' })).status).toBe(401);
  const authorization = `Bearer ${served.token}`;
  expect((await ask({ authorization, origin: 'https://example.com' })).status).toBe(403);
  expect((await ask({ authorization, 'mcp-session-id': 'nobody' })).status).toBe(404);
});

/** Sample lines and types, as a scraper reads them; throws where the text is not of that form. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.trimEnd().split('\n')) {
    const type = /^# TYPE ([a-z_:][a-z0-9_:]*) (gauge|counter|histogram)$/.exec(line);
    if (type !== null) types.set(type[1]!, type[2]!);
    else if (!/^# HELP [a-z_:]+ .+$/.test(line)) {
      const sample = /^([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})? (-?[0-9.e+-]+)$/.exec(line);
      if (sample === null) throw new Error(`no sample: ${line}`);
      const family = sample[1]!.replace(/_(?:bucket|sum|count)$/, '');
      if (!types.has(family) && !types.has(sample[1]!)) throw new Error(`no type: ${line}`);
      samples.set(`${sample[1]}${sample[2] ?? ''}`, Number(sample[3]));
    }
  }
  return samples;
}

test('[MC9] the metrics of a served fleet are what is true, in the form that Prometheus reads', async () => {
  const { served, server } = await serving(newPlace(fleet), 'serve', '--port', '0');
  const web = await visit(served);
  const at = (path: string) => fetch(new URL(path, served.url));
  expect(await (await at('/health')).json()).toMatchObject({ ok: true });
  await web.call('spawn_agent', { task_name: 'stuck', message: 'go' });
  expect((await web.call('spawn_agent', { task_name: 'more', message: 'go' })).isError).toBe(true);
  await web.call('exec_command', { cmd: 'sleep 100', yield_time_ms: 250 });
  const response = await at('/metrics');
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const metrics = parse(await response.text());
  const is = (name: string) => metrics.get(`holdfast_${name}`);
  expect(is('slots_held')).toBe(1);
  expect(is('slots_limit')).toBe(1);
  expect(is('residents')).toBe(1);
  expect(is('processes_live')).toBe(1);
  expect(is('clients')).toBe(1);
  expect(is('turns{is="running"}')).toBe(2);
  expect(is('refusals_total{limit="activeTurns"}')).toBe(1);
  expect(is('appends_total')).toBeGreaterThan(3);
  expect(is('sync_seconds_bucket{le="+Inf"}')).toBe(is('sync_seconds_count'));
  expect(is('sync_seconds_bucket{le="0.0005"}')).toBeLessThanOrEqual(is('sync_seconds_bucket{le="2.5"}')!);
  await web.call('stop_process', { session_id: 1000 });
  server.child.kill('SIGTERM');
  await server.exit;
});

test('[MC7][MC9] a server that takes the fleet over has its metrics from then on', async () => {
  const place = newPlace(fleet);
  const first = await serving(place, 'mcp', '--http', '0');
  const second = await serving(place, 'mcp', '--http', '0');
  const at = (path: string) => fetch(new URL(path, second.served.url));
  expect((await at('/metrics')).status).toBe(503);
  expect(await (await at('/health')).json()).toEqual({ ok: true, open: false });
  const web = await visit(second.served);
  await web.call('list_agents');
  first.server.child.kill('SIGKILL');
  await first.server.exit;
  await web.call('list_agents');
  expect(parse(await (await at('/metrics')).text()).get('holdfast_clients')).toBe(1);
  expect(await (await at('/health')).json()).toMatchObject({ ok: true, open: true, epoch: 2 });
});
