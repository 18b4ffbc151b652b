/** Agents answered by the client of their root, through the official SDK: asked by number, and again when it comes back. */
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  type CreateMessageRequest,
  type CreateMessageResultWithTools,
  ErrorCode,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { holdfast, newPlace } from '../cli/cli.ts';
import { serving } from './serving.ts';
import { clientOf, statusOf, Visitor } from './visitor.ts';

type Params = CreateMessageRequest['params'];

const fleet = { models: { client: { kind: 'sampling' } }, limits: { waitMs: { min: 100 } } };
const said = (text: string): CreateMessageResultWithTools => ({
  ...{ model: 'a model', role: 'assistant', stopReason: 'endTurn', content: { type: 'text', text } },
});
const calling = (name: string, input: Record<string, unknown>): CreateMessageResultWithTools => ({
  model: 'a model',
  role: 'assistant',
  stopReason: 'toolUse',
  content: [
    { type: 'text', text: 'I look.' },
    { type: 'tool_use', id: 'toolu_1', name, input },
  ],
});

const sampling = ({ metadata }: Params): string => (metadata as { sampling: string }).sampling;

/** Says what a command of its has printed: a model that knows tools. */
const looks = (asked: Params[]) => async (params: Params) => {
  asked.push(params);
  if (sampling(params) === '1') return calling('exec_command', { cmd: 'echo once >> ran; cat ran' });
  const result = params.messages.flatMap(({ content }) => content).find(({ type }) => type === 'tool_result');
  return said(`it has run ${JSON.stringify(result).match(/once/g)!.length} times`);
};

/** Resolves when it is called. */
function moment<A = void>(): { readonly is: Promise<A>; readonly comes: (value: A) => void } {
  let comes!: (value: A) => void;
  const is = new Promise<A>((resolve) => (comes = resolve));
  return { is, comes };
}

describe('an agent whose model is the client', () => {
  test('[CL1] is asked with tools, a number and its own history, and its answer is mail', async () => {
    const asked: Params[] = [];
    const visitor = await Visitor.of(newPlace(fleet), { sampling: { kind: 'tools', answers: looks(asked) } });
    await visitor.call('spawn_agent', { task_name: 'looker', message: 'look' });
    expect((await visitor.call('wait_agent')).mail).toEqual(['it has run 1 times']);
    expect(asked.map(sampling)).toEqual(['1', '2']);
    expect(asked[1]!.metadata).toMatchObject({ agent_path: '/root/looker', purpose: 'turn' });
    expect(asked[1]!.tools!.map(({ name }) => name)).toContain('exec_command');
    expect(asked[1]!.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  test('[CL1] is asked in plain text where the client knows no tools, and its calls are read from the text', async () => {
    const asked: Params[] = [];
    const answers = async (params: Params) => {
      asked.push(params);
      if (sampling(params) !== '1') return said(`seen: ${/two/.test(JSON.stringify(params.messages))}`);
      return said(
        'Two at once. <tool_call>{"name": "exec_command", "arguments": {"cmd": "echo two"}}</tool_call> <tool_call>{"name": nonsense</tool_call>',
      );
    };
    const visitor = await Visitor.of(newPlace(fleet), { sampling: { kind: 'text', answers } });
    await visitor.call('spawn_agent', { task_name: 'looker', message: 'look' });
    expect((await visitor.call('wait_agent')).mail).toEqual(['seen: true']);
    expect(asked[0]!.tools).toBeUndefined();
    expect(asked[0]!.systemPrompt).toContain('- exec_command: ');
    expect(JSON.stringify(asked[1]!.messages)).toContain('failed to parse the call');
  });

  test('[CL2] is not spawned by a client that cannot be asked, and the refusal says what can be done', async () => {
    const visitor = await Visitor.of(newPlace(fleet));
    const { isError, text } = await visitor.call('spawn_agent', { task_name: 'a', message: 'go' });
    expect(isError).toBe(true);
    expect(text).toContain('does not let its model be asked (MCP sampling); start the server of this log with a model');
  });

  test('[CL3] fails at once with the words of a person who says no, and is asked again after other errors', async () => {
    const answers = async (params: Params) => {
      const { agent_path } = params.metadata as { agent_path: string };
      if (agent_path === '/root/no') throw new McpError(-1, 'the user said no');
      if (sampling(params) === '1') throw new McpError(ErrorCode.InternalError, 'overloaded');
      return said('at last');
    };
    const place = newPlace({ ...fleet, retry: { baseMs: 1 } });
    const visitor = await Visitor.of(place, { sampling: { kind: 'tools', answers } });
    for (const task_name of ['no', 'again']) await visitor.call('spawn_agent', { task_name, message: 'go' });
    await visitor.until((status) =>
      status.agents.every((agent: { status: string }) => agent.status !== 'running' || agent === status.agents[0]),
    );
    const { fields } = await visitor.call('list_agents');
    expect(fields.agents).toMatchObject([
      {},
      { agent_status: { completed: 'at last' } },
      { agent_status: { errored: 'the client tester refused to be asked: the user said no' } },
    ]);
    const { events } = (await visitor.call('events_since', { position: 0 })).fields;
    const failed = events.filter(({ type }: HoldfastEvent) => type === 'SamplingEnded');
    expect(failed).toHaveLength(2);
  });

  test('[CL4][MC7] goes on when its server was killed while it was being asked: the same number is asked again, nothing is run twice', async () => {
    const place = newPlace(fleet);
    const reached = moment();
    const first = await Visitor.of(place, {
      sampling: {
        kind: 'tools',
        answers: async (params) => {
          if (sampling(params) === '1') return calling('exec_command', { cmd: 'echo once >> ran; cat ran' });
          reached.comes();
          return new Promise(() => {});
        },
      },
    });
    await first.call('spawn_agent', { task_name: 'looker', message: 'look' });
    await reached.is;
    await first.kill();
    const asked: Params[] = [];
    const back = await Visitor.of(place, { fleet: false, sampling: { kind: 'tools', answers: looks(asked) } });
    expect((await back.call('wait_agent')).mail).toEqual(['it has run 1 times']);
    expect(asked.map(sampling)).toEqual(['2']);
  });

  test('[CL4] waits for a client that has gone, in whichever process the fleet is open', async () => {
    const place = newPlace(fleet);
    const owner = await Visitor.of(place, { name: 'owner' });
    const reached = moment<AbortSignal>();
    const other = await Visitor.of(place, {
      ...{ name: 'other', fleet: false },
      sampling: {
        kind: 'tools',
        answers: (_, signal) => {
          reached.comes(signal);
          return new Promise(() => {});
        },
      },
    });
    await other.call('spawn_agent', { task_name: 'looker', message: 'look' });
    await reached.is;
    await other.close();
    const shown = async () => (await holdfast(place, 'show', 'agents', '--log', place.log)).stdout;
    await expect.poll(shown, { timeout: 20_000 }).toMatch(/looker +waiting .*its client \(other\)/);
    const asked: Params[] = [];
    const back = await Visitor.of(place, {
      ...{ name: 'other', fleet: false },
      sampling: { kind: 'tools', answers: looks(asked) },
    });
    expect((await back.call('wait_agent')).mail).toEqual(['it has run 1 times']);
    expect(asked.map(sampling)).toEqual(['1', '2']);
    expect((await owner.call('status')).fields.root).toBe('owner');
  });

  test('[CL4] that is interrupted takes its question back', async () => {
    const reached = moment();
    const takenBack = moment();
    const answers = (_: Params, signal: AbortSignal) => {
      signal.addEventListener('abort', () => takenBack.comes());
      reached.comes();
      return new Promise<never>(() => {});
    };
    const visitor = await Visitor.of(newPlace(fleet), { sampling: { kind: 'tools', answers } });
    await visitor.call('spawn_agent', { task_name: 'looker', message: 'look' });
    await reached.is;
    await visitor.call('interrupt_agent', { target: 'looker' });
    await takenBack.is;
    expect(statusOf((await visitor.call('status')).fields, '/root/looker')).toBe('interrupted');
  });

  test('[CL4][AP6] leaves nothing to `resume` but to name the client that is missing', async () => {
    const place = newPlace(fleet);
    const reached = moment();
    const answers = () => {
      reached.comes();
      return new Promise<never>(() => {});
    };
    const visitor = await Visitor.of(place, { name: 'editor', sampling: { kind: 'tools', answers } });
    await visitor.call('spawn_agent', { task_name: 'looker', message: 'look' });
    await reached.is;
    await visitor.close();
    await expect
      .poll(async () => (await holdfast(place, 'show', '--log', place.log, '-o', 'json')).stdout, { timeout: 20_000 })
      .toContain('"engine": "stopped"');
    const { code, stderr } = await holdfast(place, 'resume', '--log', place.log);
    expect(code).toBe(4);
    expect(stderr).toContain(
      'HOLDFAST_CLIENT_NEEDED  agents wait for their client to come back, which answers for them: editor',
    );
  });

  test('[CL1][MC8] is asked over HTTP, too', async () => {
    const place = newPlace(fleet);
    const { served } = await serving(place, 'mcp', '--http', '0');
    const asked: Params[] = [];
    const client = clientOf('web', { sampling: { kind: 'tools', answers: looks(asked) } });
    const requestInit = { headers: { authorization: `Bearer ${served.token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(served.url), { requestInit }));
    const web = new Visitor(client);
    await web.call('spawn_agent', { task_name: 'looker', message: 'look' });
    expect((await web.call('wait_agent')).mail).toEqual(['it has run 1 times']);
    expect(asked.map(sampling)).toEqual(['1', '2']);
  });
});

test('[CL2] a root of a file cannot have a client for its model', async () => {
  const place = newPlace({ ...fleet, roots: [{ prompt: 'go' }] });
  const { code, stderr } = await holdfast(place, 'run', place.fleet, '--log', place.log);
  expect(code).toBe(2);
  expect(stderr).toContain('$.roots[0].model: expected a model that answers by itself');
});
