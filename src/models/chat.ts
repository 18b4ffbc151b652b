/** The dialect of chat completions, which most servers of models speak. */
import type { OpenAI } from 'openai';
import type {
  ChatCompletionChunk,
  ChatCompletionContentPart,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import type { ChatModel } from '../../events/fleetFile.ts';
import type { Usage } from '../../events/turn.ts';
import { callOf, idOf, whole } from './answer.ts';
import { isOpenai, seesImages } from './key.ts';
import { metadataHeader, metadataOf } from './metadata.ts';
import { argumentsText, type Outgoing, outgoingOf } from './outgoing.ts';
import type { ModelItem, Sampled, Sampling } from './port.ts';
import type { Dialect } from './server.ts';
import { recordOf, summaryInstructions } from './summary.ts';
import { instructionsOf } from './told.ts';
import { functionTools } from './tools.ts';

/** Thoughts have no name of their own in this dialect; servers call the field differently. */
const thoughtFields = ['reasoning_content', 'reasoning'] as const;
type Thoughts = { readonly [field in (typeof thoughtFields)[number]]?: unknown };

/** What one answer of the model was: servers want its text, its thoughts and its calls as one message. */
interface Spoken {
  at: number;
  text: string[];
  thoughts: { name: string; text: string } | undefined;
  calls: ChatCompletionMessageFunctionToolCall[];
}

/** Thoughts go back beside the calls of the turn that is not over: there servers want them, elsewhere some refuse them. */
function messageOf({ text, thoughts, calls }: Spoken, goesOn: boolean): ChatCompletionMessageParam {
  const content = text.join('\n\n');
  if (calls.length === 0) return { role: 'assistant', content };
  return {
    role: 'assistant',
    content,
    tool_calls: calls,
    ...(goesOn && thoughts !== undefined && { [thoughts.name]: thoughts.text }),
  };
}

const imageParts = ({ id, images }: Outgoing & { is: 'result' }): ChatCompletionContentPart[] =>
  images.length === 0
    ? []
    : [
        { type: 'text', text: `Images of the result of ${id}:` },
        ...images.map(({ url, detail }) => ({ type: 'image_url' as const, image_url: { url, detail } })),
      ];

function messagesOf(items: readonly Outgoing[]): ChatCompletionMessageParam[] {
  const messages: ChatCompletionMessageParam[] = [];
  const lastUser = items.findLastIndex(({ is }) => is === 'user');
  let spoken: Spoken | undefined;
  let users: string[] = [];
  let images: ChatCompletionContentPart[] = [];
  const said = (i: number) => {
    if (spoken !== undefined) messages.push(messageOf(spoken, i > lastUser));
    spoken = undefined;
  };
  // Results are text in this dialect, and nothing may stand between them.
  const seen = () => {
    if (images.length > 0) messages.push({ role: 'user', content: images });
    images = [];
  };
  const heard = () => {
    if (users.length > 0) messages.push({ role: 'user', content: users.join('\n\n') });
    users = [];
  };
  for (const [i, item] of items.entries()) {
    if (item.is !== 'result') seen();
    if (item.is === 'user' || item.is === 'result') {
      said(i);
      if (item.is === 'user') users.push(item.text);
      else {
        messages.push({ role: 'tool', tool_call_id: item.id, content: item.text });
        images.push(...imageParts(item));
      }
      continue;
    }
    heard();
    if (spoken?.at !== item.at) said(i);
    spoken ??= { at: item.at, text: [], thoughts: undefined, calls: [] };
    if (item.is === 'say') spoken.text.push(item.text);
    else if (item.is === 'reasoning') spoken.thoughts = { name: item.name ?? thoughtFields[0], text: item.text };
    else {
      const call = { name: item.tool, arguments: argumentsText(item.args) };
      spoken.calls.push({ id: item.id, type: 'function', function: call });
    }
  }
  said(items.length);
  seen();
  heard();
  return messages;
}

function bodyOf(config: ChatModel, model: string, request: Sampling, charactersMax: number) {
  const { purpose, history, effort = config.effort } = request;
  const ask: Pick<ChatCompletionCreateParamsStreaming, 'messages' | 'tools' | 'parallel_tool_calls'> =
    purpose === 'summary'
      ? {
          messages: [
            { role: 'system', content: summaryInstructions },
            { role: 'user', content: recordOf(request, charactersMax) },
          ],
        }
      : {
          messages: [
            { role: 'system', content: instructionsOf(request) },
            ...messagesOf(outgoingOf(history, seesImages(config))),
          ],
          tools: functionTools.map((tool) => ({ type: 'function', function: { ...tool } })),
          parallel_tool_calls: true,
        };
  const max = config.maxOutputTokens;
  return {
    model,
    ...ask,
    stream: true,
    stream_options: { include_usage: true },
    ...(effort !== undefined && { reasoning_effort: effort as 'high' }),
    // The newer name is OpenAI's; others know the older one.
    ...(max !== undefined && (isOpenai(config) ? { max_completion_tokens: max } : { max_tokens: max })),
  } satisfies ChatCompletionCreateParamsStreaming;
}

interface Call {
  id: string;
  name: string;
  arguments: string;
}

class Reading {
  #text = '';
  #refusal = '';
  #thoughts: { name: string; text: string } | undefined;
  readonly #calls: Call[] = [];
  #usage: Usage | undefined;
  #finish: string | undefined;

  add({ choices, usage }: ChatCompletionChunk): void {
    if (usage) this.#usage = usageOf(usage);
    const choice = choices?.[0];
    if (choice === undefined) return;
    if (choice.finish_reason) this.#finish = choice.finish_reason;
    const { content, refusal, tool_calls, ...more } = choice.delta ?? {};
    this.#text += content ?? '';
    this.#refusal += refusal ?? '';
    this.#think(more as Thoughts);
    for (const call of tool_calls ?? []) this.#call(call);
  }

  #think(delta: Thoughts): void {
    for (const name of thoughtFields) {
      const text = delta[name];
      if (typeof text !== 'string' || text === '') continue;
      this.#thoughts ??= { name, text: '' };
      if (this.#thoughts.name === name) this.#thoughts.text += text;
    }
  }

  /** Some servers leave out the index, and send each call whole. */
  #call({ index, id, function: called }: ChatCompletionChunk.Choice.Delta.ToolCall): void {
    const at = index ?? (id ? this.#calls.length : this.#calls.length - 1);
    const call = (this.#calls[Math.max(0, at)] ??= { id: '', name: '', arguments: '' });
    if (id) call.id = id;
    if (called?.name) call.name = called.name;
    call.arguments += called?.arguments ?? '';
  }

  sampled(n: number): Sampled {
    if (this.#finish === undefined) throw new Error('the stream ended before the answer did');
    const items: ModelItem[] = [];
    if (this.#thoughts !== undefined) items.push({ reasoning: this.#thoughts.text, name: this.#thoughts.name });
    const said = this.#text + this.#refusal;
    if (said !== '') items.push({ say: said });
    const calls = this.#calls.filter((call) => call !== undefined);
    items.push(...calls.map(({ id, name, arguments: text }, i) => callOf(name, text, idOf(id, n, i))));
    const cut = this.#finish === 'length' ? 'length' : this.#finish === 'content_filter' ? 'filter' : undefined;
    return { items: whole(items, cut), ...(this.#usage !== undefined && { usage: this.#usage }) };
  }
}

function usageOf(usage: NonNullable<ChatCompletionChunk['usage']>): Usage {
  const { prompt_tokens_details: input, completion_tokens_details: output } = usage;
  return {
    inputTokens: usage.prompt_tokens,
    outputTokens: usage.completion_tokens,
    ...(input?.cached_tokens && { cachedTokens: input.cached_tokens }),
    ...(output?.reasoning_tokens && { reasoningTokens: output.reasoning_tokens }),
  };
}

export const chat = (config: ChatModel, model: string): Dialect => ({
  body: (request, charactersMax) => bodyOf(config, model, request, charactersMax),
  headers: (request) => ({ [metadataHeader]: JSON.stringify(metadataOf(request)) }),
  read: async (client: OpenAI, body, n, options, heard) => {
    const reading = new Reading();
    for await (const chunk of await client.chat.completions.create(
      body as ChatCompletionCreateParamsStreaming,
      options,
    )) {
      heard(chunk.choices?.[0]?.delta?.content ?? undefined);
      reading.add(chunk);
    }
    return reading.sampled(n);
  },
});
