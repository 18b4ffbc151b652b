/** A model named on the command line instead of in a fleet file: `run --prompt` and `mcp` have the same words for it. */
import { Option } from 'commander';
import type { ModelConfig } from '../../../events/fleetFile.ts';
import { Failure } from '../../failure.ts';
import { isWebAddress } from '../setting.ts';

export interface ModelOptions {
  readonly model?: string;
  readonly baseUrl?: string;
  readonly api?: 'responses' | 'chat';
  readonly effort?: string;
}

/** `what`: for what the model is, `absent`: what it is otherwise. */
export const modelOptions = (what: string, absent = ''): Option[] => [
  new Option('--model <model>', `${what}, as its server calls it, or \`script\`${absent}`),
  new Option('--base-url <url>', 'with --model: a server other than OpenAI, like http://127.0.0.1:11434/v1').env(
    'OPENAI_BASE_URL',
  ),
  new Option('--api <api>', 'what the server speaks (default: responses for OpenAI, chat for others)').choices([
    'responses',
    'chat',
  ]),
  new Option('--effort <effort>', 'with --model: how hard the model thinks, in the words of its server'),
];

/** Throws HOLDFAST_USAGE for a base URL that is none. */
export function modelOf({ baseUrl, api, effort, model }: ModelOptions): ModelConfig {
  if (model === 'script') return { kind: 'script' };
  if (baseUrl !== undefined && !isWebAddress(baseUrl))
    throw new Failure('HOLDFAST_USAGE', `--base-url expects an address with http:// or https://, found "${baseUrl}"`, {
      remedy: `did you mean http://${baseUrl}/v1?`,
    });
  const kind = api ?? (baseUrl === undefined ? 'responses' : 'chat');
  return { kind, ...(baseUrl !== undefined && { baseUrl }), ...(effort !== undefined && { effort }) };
}
