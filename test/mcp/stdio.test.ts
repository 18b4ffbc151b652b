/** The MCP server as the official client has it: on standard input and output, killed, and found again. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { ListToolsResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { toolTable } from '../../src/decide/tools/table.ts';
import { newPlace, program } from '../cli/cli.ts';
import { statusOf, Visitor } from './visitor.ts';

/** A command that ends when the test says so. */
const untilGo = 'until [ -e go ]; do sleep 0.05; done';

/** Agents that take their time, so that things happen while they work. */
const fleet = {
  limits: { waitMs: { min: 100 } },
  models: { script: { kind: 'script' } },
  scripts: {
    '/root/quick': [[{ say: 'quick is done' }]],
    '/root/slow': [
      [{ call: 'exec_command', id: 'g', args: { cmd: untilGo, yield_time_ms: 30_000 } }],
      [{ say: 'slow is done' }],
    ],
    '/root/stuck': [{ hang: true }],
    '/root/talker': [
      [
        { call: 'send_message', id: 'm', args: { target: '/root', message: 'half way' } },
        { call: 'wait_agent', id: 'w', args: {} },
      ],
      [{ say: 'talked' }],
    ],
  },
};

test('[MC5] every tool of the one table is there with its schema, and results are text, fields and mail', async () => {
  const visitor = await Visitor.of(newPlace(fleet));
  const { tools } = await visitor.client.request({ method: 'tools/list' }, ListToolsResultSchema);
  const names = tools.map(({ name }) => name);
  expect(names).toEqual([...Object.keys(toolTable), 'status', 'why', 'events_since', 'result']);
  const silent = tools.flatMap(({ name, inputSchema: { properties = {} } }) =>
    Object.entries(properties).flatMap(([key, property]) =>
      (property as { description?: string }).description ? [] : [`${name}.${key}`],
    ),
  );
  expect(silent).toEqual([]);
  const spawnTool = tools.find(({ name }) => name === 'spawn_agent')!;
  expect(spawnTool.inputSchema).toMatchObject({ type: 'object', required: ['task_name', 'message'] });

  expect((await visitor.call('spawn_agent', { task_name: 'quick', message: 'go' })).fields).toMatchObject({
    task_name: '/root/quick',
  });
  const waited = await visitor.call('wait_agent', { timeout_ms: 30_000 });
  expect(waited.mail).toEqual(['quick is done']);
  expect(waited.fields).toMatchObject({ timed_out: false, from: ['/root/quick'] });
  expect((await visitor.call('list_agents')).mail).toEqual([]);

  const ran = await visitor.call('exec_command', { cmd: 'echo hello' });
  expect(ran.fields).toMatchObject({ exit_code: 0, output: 'hello\n' });
  const cell = await visitor.call('exec', { source: 'text((await tools.list_agents({})).agents.length)' });
  expect(cell.text).toContain('2');
  const why = await visitor.call('why', { what: 'agent', id: '/root/quick' });
  expect(why.fields.because).toContain('completed');
  const since = await visitor.call('events_since', { position: 0, limit: 3 });
  expect(since.fields.events.map((event: { type: string }) => event.type)).toEqual([
    'FleetOpened',
    'EngineStarted',
    'AgentSpawned',
  ]);
  const { resources } = await visitor.client.listResources();
  expect(resources.map(({ uri }) => uri)).toContain('holdfast://status');
  const { contents } = await visitor.client.readResource({ uri: 'holdfast://processes/1000/output' });
  expect(contents[0]).toMatchObject({ text: 'hello\n' });
});

test('[MC5] what is wrong with a call is its result, with code and remedy', async () => {
  const visitor = await Visitor.of(newPlace(fleet));
  const bad = [
    ['spawn_agent', { task_name: 'quick' }],
    ['spawn_agent', { task_name: 'Quick', message: 'go' }],
    ['no_such_tool', {}],
    ['write_stdin', { session_id: 1 }],
    ['why', { what: 'nothing', id: 'x' }],
    ['why', { what: 'agent', id: '/root/nobody' }],
    ['result', { call_id: 'x' }],
  ] as const;
  for (const [tool, args] of bad) {
    const { isError, fields } = await visitor.call(tool, args);
    expect({ tool, isError, code: fields.code, remedy: fields.remedy }).toEqual({
      tool,
      isError: true,
      code: expect.stringMatching(/^HOLDFAST_/),
      remedy: expect.stringMatching(/./),
    });
  }
});

test('[MC2][MC4] other calls are answered while one waits, and a cancelled one ends as cancelled in the log', async () => {
  const visitor = await Visitor.of(newPlace(fleet));
  await visitor.call('spawn_agent', { task_name: 'stuck', message: 'go' });
  const controller = new AbortController();
  const waiting = visitor.call('wait_agent', { timeout_ms: 60_000 }, { signal: controller.signal });
  waiting.catch(() => undefined);
  const open = async () =>
    (await visitor.call('result')).fields.calls.find((call: { tool: string }) => call.tool === 'wait_agent');
  await expect.poll(async () => (await open())?.outcome).toBe('open');
  expect((await visitor.call('list_agents')).isError).toBe(false);
  controller.abort();
  await expect(waiting).rejects.toThrow();
  await expect.poll(async () => (await open())?.outcome).toBe('cancelled');
});

test('[MC1][MC3][MC4] a client whose server is killed finds its agents, commands, mail and results again', async () => {
  const place = newPlace(fleet);
  const first = await Visitor.of(place);
  await first.call('spawn_agent', { task_name: 'slow', message: 'go' });
  const exec = await first.call('exec_command', { cmd: `${untilGo}; echo survived`, yield_time_ms: 250 });
  const session_id = exec.fields.session_id as number;
  const waiting = first.call('wait_agent', { timeout_ms: 60_000 });
  waiting.catch(() => undefined);
  await first.until((status) => status.processes.length === 2);
  await first.kill();
  await expect(waiting).rejects.toThrow();
  writeFileSync(join(place.folder, 'go'), '');

  const second = await Visitor.of(place);
  expect((await second.call('status')).fields.root).toBe('tester');
  await second.until((status) => statusOf(status, '/root/slow') === 'completed');
  // Its wait was answered while nobody was there; the mail itself comes with the next result.
  expect((await second.call('list_agents')).mail).toEqual(['slow is done']);
  const read = await second.call('write_stdin', { session_id, yield_time_ms: 5_000 });
  expect(read.fields.output).toBe('survived\n');
  const { calls } = (await second.call('result')).fields;
  const old = calls.find((call: { tool: string }) => call.tool === 'wait_agent');
  expect(old.outcome).toBe('ok');
  const result = await second.call('result', { call_id: old.call_id });
  expect(result.fields).toMatchObject({ tool: 'wait_agent', outcome: 'ok' });
  expect(JSON.stringify(result.fields)).toContain('/root/slow');
});

test('[MC1] two connections of one name act as two roots', async () => {
  const place = newPlace(fleet);
  const one = await Visitor.of(place);
  const two = await Visitor.of(place, { fleet: false });
  await one.call('spawn_agent', { task_name: 'quick', message: 'go' });
  expect((await one.call('status')).fields.root).toBe('tester');
  expect((await two.call('status')).fields.root).toBe('tester2');
  expect((await two.call('list_agents')).fields.agents).toHaveLength(1);
});

test('[MC5] nothing but the protocol is on the standard output, and the end of the input ends the server in order', async () => {
  const place = newPlace(fleet);
  const child = spawn(process.execPath, [program, 'mcp', '--log', place.log], {
    cwd: place.folder,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '0' } };
  send({ id: 1, method: 'initialize', params });
  send({ method: 'notifications/initialized' });
  child.stdin.write('this is no JSON\n');
  send({
    id: 2,
    method: 'tools/call',
    params: { name: 'exec_command', arguments: { cmd: 'sleep 100', yield_time_ms: 250 } },
  });
  await expect.poll(() => lines.length, { timeout: 20_000 }).toBe(2);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0', result: {} });
  child.stdin.end();
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  const again = await Visitor.of(place, { name: 'raw', fleet: false });
  expect((await again.call('list_processes')).fields.processes).toMatchObject([{ session_id: 1000, state: 'running' }]);
  await again.call('stop_process', { session_id: 1000 });
});

/** The inspector's command line, which is no part of ours: fetched by npm. Newer versions than this need Node 22. */
const inspector = [
  'exec',
  '--yes',
  '--package=@modelcontextprotocol/inspector-cli@0.15.0',
  '--',
  'mcp-inspector-cli',
  '--cli',
];

test.runIf(process.env.HOLDFAST_LONG !== undefined)(
  '[MC1][MC5] the inspector lists the tools, spawns an agent, and another run of it reads what the agent has said',
  {
    timeout: 300_000,
  },
  async () => {
    const place = newPlace(fleet);
    const server = [process.execPath, program, 'mcp', '--log', place.log, '--fleet', place.fleet];
    const inspect = async (...words: string[]) => {
      const { stdout } = await promisify(execFile)('npm', [...inspector, ...server, ...words], { cwd: place.folder });
      return JSON.parse(stdout);
    };
    const call = (tool: string, ...args: string[]) =>
      inspect('--method', 'tools/call', '--tool-name', tool, ...args.flatMap((arg) => ['--tool-arg', arg]));
    const { tools } = await inspect('--method', 'tools/list');
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(Object.keys(toolTable)));
    const spawned = await call('spawn_agent', 'task_name=quick', 'message=go');
    expect(spawned.structuredContent).toMatchObject({ task_name: '/root/quick' });
    const waited = await call('wait_agent', 'timeout_ms=20000');
    expect(waited.structuredContent.mail).toMatchObject([{ from: '/root/quick', text: 'quick is done' }]);
    const { resources } = await inspect('--method', 'resources/list');
    expect(resources.map(({ uri }: { uri: string }) => uri)).toContain('holdfast://status');
  },
);
