/**
 * Agents answered by the client of their root: `sampling/createMessage`, in one of two manners. Where the client knows
 * tools they go with the request; where it knows text only they are described, and calls are read from the text.
 */
import type {
  ContentBlock,
  CreateMessageRequestParams,
  CreateMessageResultWithTools,
  SamplingMessage,
  SamplingMessageContentBlock,
} from '@modelcontextprotocol/sdk/types.js';
import type { SamplingModel } from '../../events/fleetFile.ts';
import type { State } from '../../projections/state.ts';
import { Failure } from '../failure.ts';
import { type CutShort, callOf, idOf, whole } from './answer.ts';
import { metadataOf } from './metadata.ts';
import { imageIn, type Outgoing, outgoingOf, type Shown } from './outgoing.ts';
import { type AskClient, isForGood, PeerError, rejectedCode } from './peer.ts';
import { type Model, type ModelItem, overflowCode, type Sampled, type Sampling } from './port.ts';
import type { After } from './script.ts';
import { bytesPerToken } from './server.ts';
import { callsIn, howToCall, spokenAs } from './spoken.ts';
import { recordOf, summaryInstructions } from './summary.ts';
import { instructionsOf } from './told.ts';
import { functionTools } from './tools.ts';
import { failureOf } from './trouble.ts';

/** A person at the client may be asked first whether the request may go to its model. */
const idleMsDefault = 600_000;
/** The protocol wants a number. */
const outputTokensDefault = 8_192;

export interface SamplingParts {
  readonly config: SamplingModel;
  readonly ask: AskClient;
  readonly state: State;
  readonly clock: After;
}

type Block = SamplingMessageContentBlock;

const plain = (text: string): Block => ({ type: 'text', text });
const isArguments = (args: unknown): args is Record<string, unknown> =>
  typeof args === 'object' && args !== null && !Array.isArray(args);

function blockOf(item: Outgoing): Block | undefined {
  switch (item.is) {
    case 'user':
    case 'say':
      return plain(item.text);
    case 'call':
      return {
        type: 'tool_use',
        id: item.id,
        name: item.tool,
        input: isArguments(item.args) ? item.args : { unreadable: item.args },
      };
    case 'result':
      return {
        type: 'tool_result',
        toolUseId: item.id,
        content: [{ type: 'text', text: item.text }, ...item.images.flatMap(imageBlock)],
      };
    case 'reasoning':
      // The protocol has no place for thoughts.
      return undefined;
  }
}

/** The protocol takes images only whole; an address stays in the text. */
const imageBlock = ({ url }: Shown): ContentBlock[] => {
  const image = imageIn(url);
  return image === undefined ? [] : [{ type: 'image', ...image }];
};

/** A message of results has nothing else in it; what belongs to one answer of the model is one message. */
function messagesOf(items: readonly Outgoing[]): SamplingMessage[] {
  const messages: { readonly kind: string; readonly role: 'user' | 'assistant'; readonly content: Block[] }[] = [];
  for (const item of items) {
    const block = blockOf(item);
    if (block === undefined) continue;
    const kind = 'at' in item ? `answer ${item.at}` : item.is;
    const newest = messages.at(-1);
    if (newest?.kind === kind) newest.content.push(block);
    else messages.push({ kind, role: 'at' in item ? 'assistant' : 'user', content: [block] });
  }
  return messages.map(({ role, content }) => ({ role, content }));
}

const textsOf = (items: readonly Outgoing[]): SamplingMessage[] =>
  spokenAs(items).map(({ role, text }) => ({ role, content: { type: 'text', text } }));

function paramsOf(config: SamplingModel, tools: boolean, request: Sampling): CreateMessageRequestParams {
  const { maxOutputTokens = outputTokensDefault, model, contextTokens } = config;
  const shared = {
    maxTokens: maxOutputTokens,
    metadata: metadataOf(request),
    ...(model !== undefined && { modelPreferences: { hints: [{ name: model }] } }),
  };
  if (request.purpose === 'summary') {
    const record = recordOf(request, contextTokens === undefined ? Infinity : contextTokens * bytesPerToken * 0.7);
    const messages: SamplingMessage[] = [{ role: 'user', content: { type: 'text', text: record } }];
    return { ...shared, systemPrompt: summaryInstructions, messages };
  }
  const items = outgoingOf(request.history, tools);
  if (!tools)
    return { ...shared, systemPrompt: `${instructionsOf(request)}\n\n${howToCall()}`, messages: textsOf(items) };
  return {
    ...shared,
    systemPrompt: instructionsOf(request),
    messages: messagesOf(items),
    tools: functionTools.map(({ name, description, parameters }) => ({
      name,
      description,
      inputSchema: parameters as { type: 'object' },
    })),
    toolChoice: { mode: 'auto' },
  };
}

function itemsOf(result: CreateMessageResultWithTools, tools: boolean, n: number): Sampled {
  const content = Array.isArray(result.content) ? result.content : [result.content];
  const items = content.flatMap((block, i): ModelItem[] => {
    if (block.type === 'tool_use') return [callOf(block.name, JSON.stringify(block.input), idOf(block.id, n, i))];
    if (block.type !== 'text') return [{ say: `[${block.type}]` }];
    return tools ? [{ say: block.text }] : callsIn(block.text, n);
  });
  const cut: CutShort | undefined = result.stopReason === 'maxTokens' ? 'length' : undefined;
  return { items: whole(items, cut) };
}

export function samplingModel({ config, ask, state, clock }: SamplingParts): Model {
  const { idleMs = idleMsDefault, contextTokens } = config;
  async function sample(request: Sampling, signal: AbortSignal): Promise<Sampled> {
    signal.throwIfAborted();
    const { name, client } = state.agents[request.rootId]!;
    const who = `the client ${name ?? ''}`;
    const tools = client?.sampling === 'tools';
    const params = paramsOf(config, tools, request);
    const tokens = Math.ceil(Buffer.byteLength(JSON.stringify(params)) / bytesPerToken);
    if (contextTokens !== undefined && tokens > contextTokens * 0.9)
      throw new Failure(overflowCode, `${who}: about ${tokens} tokens, and its context has ${contextTokens}`);
    const late = new AbortController();
    const cancel = clock.after(idleMs, () => late.abort());
    try {
      const asked = ask(request.rootId, 'sampling/createMessage', params, AbortSignal.any([signal, late.signal]));
      return itemsOf((await asked) as CreateMessageResultWithTools, tools, request.n);
    } catch (error) {
      signal.throwIfAborted();
      if (late.signal.aborted)
        throw new Failure('HOLDFAST_MODEL_STALLED', `${who} has not answered for ${idleMs / 1000} s`, {
          retryable: true,
        });
      throw error instanceof PeerError ? troubleOf(error, who, config) : error;
    } finally {
      cancel();
    }
  }
  return { sample };
}

function troubleOf({ code, message }: PeerError, who: string, { model = 'its model' }: SamplingModel): Failure {
  if (code === rejectedCode) return new Failure('HOLDFAST_MODEL_REFUSED', `${who} refused to be asked: ${message}`);
  if (isForGood(code)) return new Failure('HOLDFAST_MODEL_REFUSED', `${who} cannot be asked: ${message}`);
  return failureOf({ message }, { baseUrl: who, model, keyFrom: '', asserted: false });
}
