/** What leaves for a server, and what its answers come to, in both dialects. */
import { describe, expect, test } from 'vitest';
import type { HistoryItem } from '../../projections/history.ts';
import { toolTable } from '../../src/decide/tools/table.ts';
import { ask, call, type Kind, kinds, mail, modelAt, result, saying, scripted } from './at.ts';

type Json = Readonly<Record<string, any>>;

const scripts = { '*': [[{ say: 'yes' }]] };

/** The body of the one request for a history, and its headers. */
async function bodyFor(kind: Kind, history: readonly HistoryItem[], more = {}) {
  const { server, baseUrl } = await scripted({ scripts });
  await ask(modelAt(kind, baseUrl, more), { history });
  const [asked] = server.asked;
  return { body: asked!.body as Json, headers: asked!.headers, metadata: asked!.metadata };
}

const say = (position: number, text: string): HistoryItem => ({ kind: 'say', position, text, final: false });

describe('[MO2] a request shows the model its own history', () => {
  const history: HistoryItem[] = [
    { kind: 'summary', position: 1, text: 'long ago' },
    mail(2, 'do it'),
    { kind: 'reasoning', position: 3, text: 'hm', sealed: 'xyz', name: 'rs_1' },
    say(3, 'I look'),
    call(3, 'c1'),
    call(3, 'c2', { source: 'text(1)' }, 'exec'),
    result(4, 'c2', '1'),
    result(5, 'c1'),
    mail(6, 'quick', '/root/b'),
    { kind: 'note', position: 7, text: 'interrupted' },
  ];

  test('[MO2] as items of the Responses API, thoughts in their place', async () => {
    const { body, metadata } = await bodyFor('responses', history);
    expect(body.input).toEqual([
      { type: 'message', role: 'user', content: expect.stringContaining('long ago') },
      { type: 'message', role: 'user', content: 'Message from /root:\n\ndo it' },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'xyz' },
      { type: 'message', role: 'assistant', content: 'I look' },
      { type: 'function_call', call_id: 'c1', name: 'list_agents', arguments: '{}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'exec', input: 'text(1)' },
      { type: 'custom_tool_call_output', call_id: 'c2', output: '1' },
      { type: 'function_call_output', call_id: 'c1', output: 'ok' },
      { type: 'message', role: 'user', content: 'Message from /root/b:\n\nquick' },
      { type: 'message', role: 'user', content: 'Notice of Holdfast:\n\ninterrupted' },
    ]);
    expect(body).toMatchObject({ store: false, stream: true, include: ['reasoning.encrypted_content'] });
    expect(metadata).toMatchObject({
      agent_path: '/root/a',
      root_id: 'id of the root',
      turn_id: 'turn 1',
      position: '7',
    });
  });

  test('[MO2] as chat messages: one answer of the model is one message, and neighbours of one side are one', async () => {
    const { body, metadata } = await bodyFor('chat', history);
    const source = '{"source":"text(1)"}';
    expect(body.messages.slice(1)).toEqual([
      { role: 'user', content: expect.stringMatching(/long ago\n\nMessage from \/root:\n\ndo it$/) },
      {
        role: 'assistant',
        content: 'I look',
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'list_agents', arguments: '{}' } },
          { id: 'c2', type: 'function', function: { name: 'exec', arguments: source } },
        ],
      },
      { role: 'tool', tool_call_id: 'c2', content: '1' },
      { role: 'tool', tool_call_id: 'c1', content: 'ok' },
      { role: 'user', content: 'Message from /root/b:\n\nquick\n\nNotice of Holdfast:\n\ninterrupted' },
    ]);
    expect(body.metadata).toBeUndefined();
    expect(metadata).toMatchObject({ agent_path: '/root/a', position: '7' });
  });

  test.each(kinds)('[MO2] with every tool of the table and who the agent is (%s)', async (kind) => {
    const { body } = await bodyFor(kind, [mail(1, 'go')]);
    const tools = body.tools.map((tool: Json) => tool.name ?? tool.function.name);
    expect(tools.sort()).toEqual(Object.keys(toolTable).sort());
    const told = kind === 'chat' ? body.messages[0].content : body.instructions;
    expect(told).toMatch(/^You are \/root\/a, .* \/root has started you/);
    expect(told).toContain('/work');
  });
});

describe('[MO2] what servers refuse never leaves', () => {
  test.each(kinds)('[MO2] no call without a result, no result without a call, each id once (%s)', async (kind) => {
    const { body } = await bodyFor(kind, [
      mail(1, 'go'),
      call(2, 'same'),
      result(3, 'same', 'first'),
      result(3, 'nobody'),
      call(4, 'same'),
      call(4, 'open'),
      result(5, 'same', 'second'),
    ]);
    const all = JSON.stringify(body.input ?? body.messages);
    expect(all).not.toMatch(/nobody|open/);
    const ids = kind === 'chat' ? /"tool_call_id":"(\w+)"/g : /"call_id":"(\w+)","output"/g;
    expect([...all.matchAll(ids)].map(([, id]) => id)).toEqual(['same', 'same_2']);
  });

  test.each(kinds)('[MO2] no empty text, and no thoughts from which nothing followed (%s)', async (kind) => {
    const { body } = await bodyFor(kind, [
      mail(1, 'go'),
      { kind: 'reasoning', position: 2, text: 'hm', sealed: 'xyz', name: 'rs_1' },
      say(2, ''),
      mail(3, 'and?'),
    ]);
    const sent: Json[] = (body.input ?? body.messages).filter(({ role }: Json) => role !== 'system');
    expect(sent.every(({ role }) => role === 'user')).toBe(true);
  });

  test.each(kinds)('[MO2] arguments that were no JSON go back as JSON (%s)', async (kind) => {
    const { body } = await bodyFor(kind, [call(2, 'c1', '{"target": ', 'wait_agent'), result(3, 'c1', 'cannot parse')]);
    const texts = [...JSON.stringify(body).matchAll(/"arguments":("(?:[^"\\]|\\.)*")/g)].map(([, text]) =>
      JSON.parse(text!),
    );
    expect(texts.map((text) => JSON.parse(text))).toEqual([{ unreadable: '{"target": ' }]);
  });

  test('[MO2] servers of one’s own get `exec` as a function, unless the fleet file says that they know plain text', async () => {
    const { body } = await bodyFor('responses', [mail(1, 'go')], { customTools: undefined });
    expect(body.tools.every(({ type }: Json) => type === 'function')).toBe(true);
    expect(body).not.toHaveProperty('prompt_cache_key');
  });
});

const chunk = (delta: object, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
});
const completed = (output: readonly object[], more: object = {}) => ({
  type: 'response.completed',
  response: { id: 'r', status: 'completed', output, ...more },
});

describe('[MO8] whatever a model says is something to go on with', () => {
  const answerOf = async (kind: Kind, ...events: readonly object[]) =>
    (await ask(modelAt(kind, (await saying(...events)).baseUrl))).items;

  test('[MO8] a refusal is text', async () => {
    expect(await answerOf('chat', chunk({ refusal: 'I will not' }), chunk({}, 'stop'))).toEqual([
      { say: 'I will not' },
    ]);
    const content = [{ type: 'refusal', refusal: 'I will not' }];
    const output = [{ type: 'message', id: 'm', role: 'assistant', content }];
    expect(await answerOf('responses', completed(output))).toEqual([{ say: 'I will not' }]);
  });

  test('[MO8] arguments that are no JSON, unknown tools and missing ids are calls all the same', async () => {
    const calls = [
      { index: 0, id: '', function: { name: 'list_agents', arguments: '{"path' } },
      { index: 1, id: 'x', function: { name: 'fly', arguments: '' } },
    ];
    const items = [
      {
        call: 'list_agents',
        id: 'call_1_1',
        args: '{"path',
        invalid: expect.stringMatching(/^failed to parse function arguments: /),
      },
      { call: 'fly', id: 'x', args: {} },
    ];
    expect(await answerOf('chat', chunk({ tool_calls: calls }), chunk({}, 'tool_calls'))).toEqual(items);
    const output = calls.map(({ id, function: called }) => ({ type: 'function_call', call_id: id, ...called }));
    expect(await answerOf('responses', completed(output))).toEqual(items);
  });

  test('[MO8] calls without an index are put together by their ids', async () => {
    const first = { id: 'a', function: { name: 'list_agents', arguments: '{}' } };
    const second = [
      { id: 'b', function: { name: 'exec', arguments: '{"source":' } },
      { function: { arguments: '"1"}' } },
    ];
    const deltas = [first, ...second].map((tool) => chunk({ tool_calls: [tool] }));
    expect(await answerOf('chat', ...deltas, chunk({}, 'stop'))).toEqual([
      { call: 'list_agents', id: 'a', args: {} },
      { exec: '1', id: 'b' },
    ]);
  });

  test('[MO8] an answer that the server cuts short says so, and one that never began is a failure that says why', async () => {
    expect(await answerOf('chat', chunk({ content: 'half' }), chunk({}, 'length'))).toEqual([
      { say: 'half' },
      { say: expect.stringContaining('cut off') },
    ]);
    const failing = ask(modelAt('chat', (await saying(chunk({ reasoning: 'hm' }), chunk({}, 'length'))).baseUrl));
    await expect(failing).rejects.toMatchObject({ code: 'HOLDFAST_MODEL_CUT', retryable: false });
    const incomplete = {
      type: 'response.incomplete',
      response: { output: [], incomplete_details: { reason: 'content_filter' } },
    };
    expect(await answerOf('responses', incomplete)).toEqual([{ say: expect.stringContaining('withheld') }]);
  });

  test('[MO8] an answer with nothing in it is an empty final answer', async () => {
    expect(await answerOf('chat', chunk({ role: 'assistant' }), chunk({}, 'stop'))).toEqual([{ say: '' }]);
    expect(await answerOf('responses', completed([]))).toEqual([{ say: '' }]);
  });

  test('[MO2] thoughts, phases and usage are kept', async () => {
    const output = [
      { type: 'reasoning', id: 'rs_9', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'sealed' },
      {
        type: 'message',
        id: 'm',
        role: 'assistant',
        phase: 'commentary',
        content: [{ type: 'output_text', text: 'so' }],
      },
    ];
    const usage = {
      input_tokens: 10,
      output_tokens: 5,
      input_tokens_details: { cached_tokens: 4 },
      output_tokens_details: { reasoning_tokens: 3 },
    };
    const { baseUrl } = await saying(completed(output, { usage }));
    expect(await ask(modelAt('responses', baseUrl))).toEqual({
      items: [
        { reasoning: 'hm', sealed: 'sealed', name: 'rs_9' },
        { say: 'so', phase: 'commentary' },
      ],
      usage: { inputTokens: 10, outputTokens: 5, cachedTokens: 4, reasoningTokens: 3 },
    });
    const local = await saying(chunk({ reasoning_content: 'hm' }), chunk({ content: 'so' }, 'stop'), {
      choices: [],
      usage: { prompt_tokens: 10, completion_tokens: 5 },
    });
    expect(await ask(modelAt('chat', local.baseUrl))).toEqual({
      items: [{ reasoning: 'hm', name: 'reasoning_content' }, { say: 'so' }],
      usage: { inputTokens: 10, outputTokens: 5 },
    });
  });

  test('[MO2] the thoughts of a turn that goes on go back beside their calls', async () => {
    const { body } = await bodyFor('chat', [
      mail(1, 'go'),
      { kind: 'reasoning', position: 2, text: 'hm', name: 'reasoning' },
      call(2, 'c1'),
      result(3, 'c1'),
    ]);
    expect(body.messages[2]).toMatchObject({ role: 'assistant', reasoning: 'hm' });
  });
});
