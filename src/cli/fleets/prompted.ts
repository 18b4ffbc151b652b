/** `run --prompt`: a fleet of one root from the command line, its model, and its whole answer at the end. */
import { Option } from 'commander';
import type { ModelConfig } from '../../../events/fleetFile.ts';
import { decoded } from '../../engine/fold.ts';
import { type CheckedFleet, checkFleet } from '../../fleetFile.ts';
import { openReader } from '../../live.ts';
import { exit } from '../exitCodes.ts';
import type { Setting } from '../setting.ts';

export interface PromptOptions {
  readonly prompt?: string;
  readonly model?: string;
  readonly baseUrl?: string;
  readonly api?: 'responses' | 'chat';
  readonly effort?: string;
}

export const promptOptions = (): Option[] => [
  new Option('--prompt <text>', 'instead of a file: the task of one root'),
  new Option('--model <model>', 'with --prompt: its model, as its server calls it, or `script`'),
  new Option('--base-url <url>', 'with --prompt: a server other than OpenAI, like http://127.0.0.1:11434/v1').env(
    'OPENAI_BASE_URL',
  ),
  new Option('--api <api>', 'what the server speaks (default: responses for OpenAI, chat for others)').choices([
    'responses',
    'chat',
  ]),
  new Option('--effort <effort>', 'with --prompt: how hard the model thinks, in the words of its server'),
];

function modelOf({ baseUrl, api, effort, model }: PromptOptions): ModelConfig {
  if (model === 'script') return { kind: 'script' };
  const kind = api ?? (baseUrl === undefined ? 'responses' : 'chat');
  return { kind, ...(baseUrl !== undefined && { baseUrl }), ...(effort !== undefined && { effort }) };
}

/** Throws HOLDFAST_FLEET_FILE for a base URL that is none. */
export const promptedFleet = (
  options: PromptOptions & { readonly prompt: string; readonly model: string },
): CheckedFleet =>
  checkFleet(
    { models: { [options.model]: modelOf(options) }, roots: [{ prompt: options.prompt, model: options.model }] },
    'the command line',
  );

/** The last answer of the root, whole, and the exit code that goes with it. */
export async function tellAnswer({ dir, out }: Setting, code: number): Promise<number> {
  if (code !== exit.done) return code;
  const log = await openReader(dir);
  try {
    let answer: string | undefined;
    let root: string | undefined;
    for await (const page of log.read()) {
      for (const event of page.map(decoded)) {
        if (event.type === 'AgentSpawned') root ??= event.data.agentId;
        if (!('agentId' in event.data) || event.data.agentId !== root) continue;
        if (event.type === 'TurnFailed') answer = undefined;
        if (event.type !== 'TurnCompleted') continue;
        const { message } = event.data;
        answer = typeof message === 'string' ? message : Buffer.from(await log.blob(message.blob)).toString('utf8');
      }
    }
    if (answer === undefined) return exit.outside;
    if (out.format === 'text') await out.lines(['', answer]);
    return code;
  } finally {
    await log.close();
  }
}
