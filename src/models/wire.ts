/** What the scripted server reads of a request and writes into a stream, in both dialects: the other side of the adapters. */
import { metadataHeader } from './metadata.ts';
import type { ModelItem, Sampled } from './port.ts';

export type Dialect = 'responses' | 'chat';
type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What a request says about itself, in its body or its header. */
export function metadataIn(dialect: Dialect, body: Fields, header: (name: string) => string | undefined): Fields {
  if (dialect === 'responses') return isFields(body.metadata) ? body.metadata : {};
  try {
    const said: unknown = JSON.parse(header(metadataHeader) ?? '{}');
    return isFields(said) ? said : {};
  } catch {
    return {};
  }
}

/** Results of calls, in order. */
export function resultsIn(dialect: Dialect, body: Fields): { readonly callId: string; readonly text: string }[] {
  if (dialect === 'chat')
    return list(body.messages)
      .filter(({ role }) => role === 'tool')
      .map((message) => ({ callId: text(message.tool_call_id), text: text(message.content) }));
  return list(body.input)
    .filter(({ type }) => /^(?:function|custom_tool)_call_output$/.test(text(type)))
    .map((item) => ({
      callId: text(item.call_id),
      text:
        text(item.output) ||
        list(item.output)
          .map((part) => text(part.text))
          .join(''),
    }));
}

/** Fields of a result, read from its text as a model would: JSON, or the head of a command's output. */
export function fieldsIn(result: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(result);
    if (isFields(value)) return { ...value };
  } catch {
    // It is the text of a command.
  }
  const number = (pattern: RegExp) => pattern.exec(result)?.[1];
  const session = number(/^Process running with session ID (\d+)$/m);
  const exit = number(/^Process exited with code (-?\d+)$/m);
  const chunk = number(/^Chunk ID: (\w+)$/m);
  const at = result.indexOf('\nOutput:\n');
  return {
    ...(chunk !== undefined && { chunk_id: chunk }),
    ...(session !== undefined && { session_id: Number(session) }),
    ...(exit !== undefined && { exit_code: Number(exit) }),
    ...(at >= 0 && { output: result.slice(at + '\nOutput:\n'.length) }),
  };
}

const halves = (whole: string): string[] => {
  const middle = Math.ceil(whole.length / 2);
  return [whole.slice(0, middle), whole.slice(middle)].filter((part) => part !== '');
};

const isCustom = (body: Fields): boolean =>
  list(body.tools).some(({ type, name }) => type === 'custom' && name === 'exec');

function outputItem(item: ModelItem, i: number, custom: boolean): Fields {
  if ('say' in item) {
    const content = [{ type: 'output_text', text: item.say, annotations: [] }];
    return { type: 'message', id: `msg_${i}`, role: 'assistant', status: 'completed', content };
  }
  if ('reasoning' in item)
    return { type: 'reasoning', id: item.name ?? `rs_${i}`, summary: [], encrypted_content: item.sealed ?? null };
  if ('exec' in item && custom)
    return { type: 'custom_tool_call', id: `ctc_${i}`, call_id: item.id, name: 'exec', input: item.exec };
  const { name, args } = called(item);
  return { type: 'function_call', id: `fc_${i}`, call_id: item.id, name, arguments: args, status: 'completed' };
}

const called = (item: Exclude<ModelItem, { say: string } | { reasoning: string }>) =>
  'exec' in item
    ? { name: 'exec', args: JSON.stringify({ source: item.exec }) }
    : { name: item.call, args: JSON.stringify(item.args) };

/** Token counts of the right order: four characters each. */
const tokens = (value: unknown): number => Math.ceil((JSON.stringify(value) ?? '').length / 4);

function responsesEvents({ items }: Sampled, body: Fields, id: string): Fields[] {
  const custom = isCustom(body);
  const output = items.map((item, i) => outputItem(item, i, custom));
  const response = {
    id,
    object: 'response',
    model: body.model,
    output: [] as readonly Fields[],
    status: 'in_progress',
  };
  const usage = {
    input_tokens: tokens(body.input),
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: tokens(output),
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: tokens(body.input) + tokens(output),
  };
  const events = output.flatMap((item, output_index): Fields[] => {
    const said = items[output_index]!;
    const parts = 'say' in said ? halves(said.say) : [];
    const delta = (part: string) => ({
      type: 'response.output_text.delta',
      output_index,
      content_index: 0,
      delta: part,
    });
    return [
      { type: 'response.output_item.added', output_index, item },
      ...parts.map(delta),
      { type: 'response.output_item.done', output_index, item },
    ];
  });
  return [
    { type: 'response.created', response },
    ...events,
    { type: 'response.completed', response: { ...response, status: 'completed', output, usage } },
  ];
}

function chatChunks({ items }: Sampled, body: Fields, id: string): Fields[] {
  const chunk = (delta: Fields, finish_reason: string | null = null) => ({
    id,
    object: 'chat.completion.chunk',
    created: 0,
    model: body.model,
    choices: [{ index: 0, delta, finish_reason }],
  });
  let index = -1;
  const deltas = items.flatMap((item): Fields[] => {
    if ('say' in item) return halves(item.say).map((content) => ({ content }));
    if ('reasoning' in item) return [{ reasoning_content: item.reasoning }];
    const { name, args } = called(item);
    index += 1;
    const first = { index, id: item.id, type: 'function', function: { name, arguments: '' } };
    return [first, ...halves(args).map((part) => ({ index, function: { arguments: part } }))].map((call) => ({
      tool_calls: [call],
    }));
  });
  const usage = { prompt_tokens: tokens(body.messages), completion_tokens: tokens(items), total_tokens: 0 };
  usage.total_tokens = usage.prompt_tokens + usage.completion_tokens;
  return [
    chunk({ role: 'assistant', content: '' }),
    ...deltas.map((delta) => chunk(delta)),
    chunk({}, index < 0 ? 'stop' : 'tool_calls'),
    { ...chunk({}), choices: [], usage },
  ];
}

/** The events of a stream, as they are written. */
export function streamOf(dialect: Dialect, sampled: Sampled, body: Fields, id: string): string[] {
  if (dialect === 'chat')
    return [...chatChunks(sampled, body, id).map((data) => `data: ${JSON.stringify(data)}\n\n`), 'data: [DONE]\n\n'];
  return responsesEvents(sampled, body, id).map(
    (data, i) => `event: ${String(data.type)}\ndata: ${JSON.stringify({ ...data, sequence_number: i })}\n\n`,
  );
}
