/** The key for a model's server: read from the environment or a file when it is needed, and told to that server only. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type ChatModel, type ModelConfig, openaiUrl, type ResponsesModel } from '../../events/fleetFile.ts';
import { Failure } from '../failure.ts';

export type ServerModel = ResponsesModel | ChatModel;

const isServed = (config: ModelConfig): config is ServerModel => config.kind === 'responses' || config.kind === 'chat';

export const baseUrlOf = ({ baseUrl = openaiUrl }: ServerModel): string => baseUrl.replace(/\/+$/, '');
export const isOpenai = (config: ServerModel): boolean => baseUrlOf(config) === openaiUrl;

/** A server that cannot show images to its model refuses the whole request. */
export const seesImages = (config: ServerModel): boolean => config.images ?? isOpenai(config);

export const keyVariableOf = ({ keyVariable = 'OPENAI_API_KEY' }: ServerModel): string => keyVariable;

/** Environment variables that hold keys: nobody's business but ours. */
export const keyVariablesOf = (models: Readonly<Record<string, ModelConfig>> = {}): string[] =>
  Object.values(models).flatMap((config) => (isServed(config) ? [keyVariableOf(config)] : []));

function inFile(path: string): string {
  const full = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
  try {
    return readFileSync(full, 'utf8').trim();
  } catch (cause) {
    throw new Failure(
      'HOLDFAST_MODEL_KEY',
      `the key file ${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      {
        remedy: 'put the key into it, readable by you only',
        cause,
      },
    );
  }
}

/**
 * Undefined for a server that may do without one: a variable that nobody named and that is not set, and any server but
 * OpenAI's. What OpenAI's key would be is not sent to others unless the fleet file says so. Throws HOLDFAST_MODEL_KEY.
 */
export function keyOf(config: ServerModel, env: NodeJS.ProcessEnv): string | undefined {
  if (config.keyFile !== undefined) return inFile(config.keyFile);
  if (config.keyVariable === undefined && !isOpenai(config)) return undefined;
  const variable = keyVariableOf(config);
  const key = env[variable]?.trim();
  if (key) return key;
  throw new Failure('HOLDFAST_MODEL_KEY', `no key for ${baseUrlOf(config)}: ${variable} is not set`, {
    remedy: `export ${variable}=…, or name another place with keyVariable or keyFile; for a server of your own give its baseUrl`,
    details: { variable, baseUrl: baseUrlOf(config) },
  });
}

/** Before anything is begun: whose model needs a key that is not there cannot do a thing. Throws HOLDFAST_MODEL_KEY. */
export function checkKeys(
  models: Readonly<Record<string, ModelConfig>> | undefined,
  names: Iterable<string>,
  env: NodeJS.ProcessEnv,
): void {
  for (const name of new Set(names)) {
    const config = models?.[name];
    if (config !== undefined && isServed(config)) keyOf(config, env);
  }
}
