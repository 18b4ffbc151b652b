/** Paths and targets: names, and who is meant, resolved from the caller's own root through open agents only (PA1–PA3). */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { agentAt } from '../../projections/paths.ts';
import type { Agent, State } from '../../projections/state.ts';
import type { Refusal } from './decision.ts';

const refusal = (
  code: string,
  message: string,
  remedy: string,
  details?: Record<string, unknown>,
): Either<Refusal, never> => left({ code, message, remedy, facts: [], ...(details && { details }) });

/** What is wrong with a name, in the words models know; undefined if nothing is. */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'agent_name must not be empty';
  if (name === 'root' || name === '.' || name === '..') return `agent_name \`${name}\` is reserved`;
  if (name.includes('/')) return 'agent_name must not contain `/`';
  if (!/^[a-z0-9_]+$/.test(name)) return 'agent_name must use only lowercase letters, digits, and underscores';
  return undefined;
}

const pathRemedy = 'use a name below yourself, or an absolute path such as /root/builder';

/** The absolute path that a reference means for a caller. */
export function resolvePath(callerPath: string, reference: string): Either<Refusal, string> {
  const fault = (message: string) => refusal('HOLDFAST_BAD_PATH', message, pathRemedy, { reference });
  if (reference === '') return fault('agent path must not be empty');
  if (reference === '/root') return right('/root');
  const absolute = reference.startsWith('/');
  if (absolute && !reference.startsWith('/root/')) return fault('absolute agent paths must start with `/root`');
  if (reference.endsWith('/'))
    return fault(`${absolute ? 'absolute agent path' : 'relative agent path'} must not end with \`/\``);
  for (const name of reference.slice(absolute ? '/root/'.length : 0).split('/')) {
    const wrong = nameFault(name);
    if (wrong !== undefined) return fault(wrong);
  }
  return right(absolute ? reference : `${callerPath}/${reference}`);
}

const idShape = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/;

/** The agent an agent means by a target: a path, or an id of its own tree. */
export function findTarget(state: State, caller: Agent, target: string): Either<Refusal, Agent> {
  const path = resolvePath(caller.path, target);
  if (path._tag === 'Right') {
    const agent = agentAt(state, caller.rootId, path.right);
    if (agent !== undefined) return right(agent);
  }
  const byId = Object.hasOwn(state.agents, target) ? state.agents[target] : undefined;
  if (byId !== undefined && byId.rootId === caller.rootId) {
    if (byId.last.is !== 'closed') return right(byId);
    return refusal(
      'HOLDFAST_AGENT_CLOSED',
      `agent with id ${target} is closed`,
      'a closed agent is gone for good; spawn a new one',
    );
  }
  // An id of another root's agent is answered like one that never was (R3).
  if (idShape.test(target))
    return refusal(
      'HOLDFAST_AGENT_NOT_FOUND',
      `agent with id ${target} not found`,
      'list_agents shows the agents of this tree',
    );
  if (path._tag === 'Left') return path;
  return refusal(
    'HOLDFAST_AGENT_NOT_FOUND',
    `live agent path \`${path.right}\` not found`,
    'list_agents shows the agents of this tree',
  );
}

function rootsNamed(state: State, name: string | undefined): readonly string[] {
  if (name === undefined) return state.roots;
  return Object.hasOwn(state.rootNames, name) ? [state.rootNames[name]!] : [];
}

/** The agent an operator means: an id, `/root/x`, or `NAME:/root/x` where several roots have that path. */
export function findForOperator(state: State, target: string): Either<Refusal, Agent> {
  // What an operator types may be the name of anything, of members that every object has too.
  const byId = Object.hasOwn(state.agents, target) ? state.agents[target] : undefined;
  if (byId !== undefined && byId.last.is !== 'closed') return right(byId);
  const colon = target.indexOf(':');
  const path = colon < 0 ? target : target.slice(colon + 1);
  const candidates = rootsNamed(state, colon < 0 ? undefined : target.slice(0, colon)).flatMap((rootId) => {
    const agent = agentAt(state, rootId, path);
    return agent === undefined ? [] : [{ root: state.agents[rootId]!, agent }];
  });
  if (candidates.length === 1) return right(candidates[0]!.agent);
  if (candidates.length > 1) {
    const names = candidates.map(({ root }) => `${root.name}:${path}`);
    return refusal(
      'HOLDFAST_AMBIGUOUS_PATH',
      `${path} exists in ${names.length} roots`,
      `name one of ${names.join(', ')}`,
      { candidates: names },
    );
  }
  return refusal('HOLDFAST_AGENT_NOT_FOUND', `no open agent at ${target}`, '`holdfast show agents` lists the agents', {
    target,
  });
}

/** Segment-wise: `/root/a` covers `/root/a` and `/root/a/…`, not `/root/ab`. */
export const isBelow = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`);
