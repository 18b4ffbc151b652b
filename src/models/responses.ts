/** The dialect of the OpenAI Responses API, without anything kept at the server: the whole history goes with each request. */
import type { OpenAI } from 'openai';
import type {
  Response,
  ResponseCreateParamsStreaming,
  ResponseInputImage,
  ResponseInputItem,
  ResponseInputText,
  ResponseOutputItem,
  ResponseStreamEvent,
  Tool,
} from 'openai/resources/responses/responses';
import type { ResponsesModel } from '../../events/fleetFile.ts';
import type { Usage } from '../../events/turn.ts';
import { Failure } from '../failure.ts';
import { callOf, idOf, whole } from './answer.ts';
import { isOpenai, seesImages } from './key.ts';
import { metadataOf } from './metadata.ts';
import { argumentsText, type Outgoing, outgoingOf } from './outgoing.ts';
import type { ModelItem, Sampled, Sampling } from './port.ts';
import type { Dialect } from './server.ts';
import { recordOf, summaryInstructions } from './summary.ts';
import { instructionsOf } from './told.ts';
import { functionTools } from './tools.ts';
import { SaidInside } from './trouble.ts';

/** `exec` takes JavaScript as it is, where the server knows tools of plain text. */
const toolsFor = (custom: boolean): Tool[] =>
  functionTools.map(
    (tool): Tool =>
      custom && tool.name === 'exec'
        ? { type: 'custom', name: tool.name, description: tool.description }
        : { type: 'function', ...tool, strict: false },
  );

const isSource = (item: Outgoing & { is: 'call' }): boolean =>
  item.tool === 'exec' && typeof (item.args as { source?: unknown } | null)?.source === 'string';

function inputOf(items: readonly Outgoing[], custom: boolean): ResponseInputItem[] {
  const customCalls = new Set<string>();
  return items.flatMap((item): ResponseInputItem[] => {
    switch (item.is) {
      case 'user':
        return [{ type: 'message', role: 'user', content: item.text }];
      case 'say': {
        const phase = item.phase === undefined ? {} : { phase: item.phase as 'commentary' };
        return [{ type: 'message', role: 'assistant', content: item.text, ...phase }];
      }
      case 'reasoning':
        return reasoningInput(item);
      case 'call':
        if (!custom || !isSource(item))
          return [{ type: 'function_call', call_id: item.id, name: item.tool, arguments: argumentsText(item.args) }];
        customCalls.add(item.id);
        return [
          { type: 'custom_tool_call', call_id: item.id, name: 'exec', input: (item.args as { source: string }).source },
        ];
      default: {
        const type = customCalls.has(item.id) ? 'custom_tool_call_output' : 'function_call_output';
        return [{ type, call_id: item.id, output: outputOf(item) }];
      }
    }
  });
}

const outputOf = ({
  text,
  images,
}: Outgoing & { is: 'result' }): string | (ResponseInputText | ResponseInputImage)[] =>
  images.length === 0
    ? text
    : [
        { type: 'input_text', text },
        ...images.map(({ url, detail }) => ({ type: 'input_image' as const, image_url: url, detail })),
      ];

/** Nothing is kept at the server, so only thoughts that came sealed can be read there again. */
function reasoningInput({ text, sealed, name }: Outgoing & { is: 'reasoning' }): ResponseInputItem[] {
  if (sealed === undefined || name === undefined) return [];
  const summary = text === '' ? [] : [{ type: 'summary_text' as const, text }];
  return [{ type: 'reasoning', id: name, summary, encrypted_content: sealed }];
}

function bodyOf(config: ResponsesModel, model: string, sealed: boolean, request: Sampling, charactersMax: number) {
  const { purpose, agentId, effort = config.effort } = request;
  const summary = purpose === 'summary';
  const custom = config.customTools ?? isOpenai(config);
  const ask = summary
    ? {
        instructions: summaryInstructions,
        input: [{ type: 'message' as const, role: 'user' as const, content: recordOf(request, charactersMax) }],
      }
    : {
        instructions: instructionsOf(request),
        input: inputOf(outgoingOf(request.history, seesImages(config)), custom),
        tools: toolsFor(custom),
        parallel_tool_calls: true,
        ...(sealed && { include: ['reasoning.encrypted_content' as const] }),
      };
  return {
    model,
    ...ask,
    stream: true,
    store: false,
    metadata: metadataOf(request),
    ...(effort !== undefined && { reasoning: { effort: effort as 'high' } }),
    ...(config.maxOutputTokens !== undefined && { max_output_tokens: config.maxOutputTokens }),
    ...(isOpenai(config) && { prompt_cache_key: agentId }),
  } satisfies ResponseCreateParamsStreaming;
}

function saidIn(item: ResponseOutputItem & { type: 'message' }): ModelItem {
  const text = item.content.map((part) => (part.type === 'refusal' ? part.refusal : part.text)).join('');
  return { say: text, ...(item.phase && { phase: item.phase }) };
}

function itemsOf(output: readonly ResponseOutputItem[], n: number): ModelItem[] {
  return output.flatMap((item, i): ModelItem[] => {
    switch (item.type) {
      case 'message':
        return [saidIn(item)];
      case 'reasoning': {
        const parts = [...(item.content ?? []), ...(item.summary ?? [])];
        const sealed = item.encrypted_content ? { sealed: item.encrypted_content, name: item.id } : {};
        return [{ reasoning: parts.map(({ text }) => text).join('\n'), ...sealed }];
      }
      case 'function_call':
        return [callOf(item.name, item.arguments, idOf(item.call_id, n, i))];
      case 'custom_tool_call':
        return [
          item.name === 'exec'
            ? { exec: item.input, id: idOf(item.call_id, n, i) }
            : { call: item.name, id: idOf(item.call_id, n, i), args: item.input },
        ];
      default:
        return [];
    }
  });
}

function usageOf({ usage }: Response): { usage?: Usage } {
  if (!usage) return {};
  const { input_tokens, output_tokens, input_tokens_details: input, output_tokens_details: output } = usage;
  return {
    usage: {
      inputTokens: input_tokens,
      outputTokens: output_tokens,
      ...(input?.cached_tokens && { cachedTokens: input.cached_tokens }),
      ...(output?.reasoning_tokens && { reasoningTokens: output.reasoning_tokens }),
    },
  };
}

class Reading {
  readonly #done: { readonly at: number; readonly item: ResponseOutputItem }[] = [];
  #response: Response | undefined;

  add(event: ResponseStreamEvent): void {
    if (event.type === 'response.output_item.done') this.#done.push({ at: event.output_index, item: event.item });
    if (event.type === 'response.completed' || event.type === 'response.incomplete') this.#response = event.response;
    if (event.type === 'error') throw new SaidInside(event.code, event.message);
    if (event.type === 'response.failed')
      throw new SaidInside(event.response.error?.code, event.response.error?.message ?? 'the response failed');
  }

  sampled(n: number): Sampled {
    if (this.#response === undefined) throw new Error('the stream ended before the answer did');
    const inOrder = this.#done.sort((a, b) => a.at - b.at).map(({ item }) => item);
    const items = itemsOf(inOrder.length > 0 ? inOrder : this.#response.output, n);
    const reason = this.#response.incomplete_details?.reason;
    const cut = reason === undefined ? undefined : reason === 'content_filter' ? 'filter' : 'length';
    return { items: whole(items, cut), ...usageOf(this.#response) };
  }
}

/** Some models do not think, and refuse to be asked for their thoughts. */
const noThoughts = /encrypted[ _]content/i;

export function responses(config: ResponsesModel, model: string): Dialect {
  let sealed = true;
  return {
    body: (request, charactersMax) => bodyOf(config, model, sealed, request, charactersMax),
    headers: () => ({}),
    read: async (client: OpenAI, body, n, options, heard) => {
      try {
        const reading = new Reading();
        for await (const event of await client.responses.create(body as ResponseCreateParamsStreaming, options)) {
          heard(event.type === 'response.output_text.delta' ? event.delta : undefined);
          reading.add(event);
        }
        return reading.sampled(n);
      } catch (error) {
        if (!sealed || !(error instanceof Error) || !noThoughts.test(error.message)) throw error;
        sealed = false;
        throw new Failure(
          'HOLDFAST_MODEL_FAILED',
          `${model} does not give its thoughts away: it is asked without them`,
          {
            retryable: true,
            cause: error,
          },
        );
      }
    },
  };
}
