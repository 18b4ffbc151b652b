/** `run --prompt`: a fleet of one root from the command line, its model, and its whole answer at the end. */
import { Option } from 'commander';
import { decoded } from '../../engine/fold.ts';
import { type CheckedFleet, checkFleet } from '../../fleetFile.ts';
import { openReader } from '../../live.ts';
import { exit } from '../exitCodes.ts';
import type { Setting } from '../setting.ts';
import { type ModelOptions, modelOf, modelOptions } from './model.ts';

export interface PromptOptions extends ModelOptions {
  readonly prompt?: string;
}

export const promptOptions = (): Option[] => [
  new Option('--prompt <text>', 'instead of a file: the task of one root'),
  ...modelOptions('with --prompt: its model'),
];

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
