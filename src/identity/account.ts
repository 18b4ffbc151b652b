/** Who asks the registrar: from the environment, where tokens belong, and the fleet file, where they do not. */
import type { IdentityConfig } from '../../events/fleetFile.ts';
import { localAccount } from './local.ts';
import type { Account } from './port.ts';

/** Says which account the token is of; stronger than `identity.account` of the fleet file. */
export const accountVariable = 'HOLDFAST_REGISTRAR_ACCOUNT';
const tokenVariableDefault = 'HOLDFAST_REGISTRAR_TOKEN';
const accountDefault = 'default';

type Environment = Readonly<Record<string, string | undefined>>;

/** Name of the variable with the token; no command of an agent is given it. */
export const tokenVariableOf = (config: IdentityConfig): string =>
  config.registrar === 'http' ? (config.tokenVariable ?? tokenVariableDefault) : tokenVariableDefault;

export function accountIn(environment: Environment, config: IdentityConfig): Account {
  if (config.registrar === 'local') return { accountId: localAccount };
  const accountId = environment[accountVariable] || config.account || accountDefault;
  const token = environment[tokenVariableOf(config)];
  return token === undefined || token === '' ? { accountId } : { accountId, token };
}
