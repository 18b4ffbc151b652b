/** Whether each script has somebody to follow it: a script for an agent that can never exist is a mistake. */
import { keyPath } from '../../events/jsonPath.ts';
import { completeLimits } from '../../events/limits.ts';
import { parseScriptKey, type ScriptKey } from '../models/scriptKey.ts';
import type { Fault } from './fault.ts';
import type { CheckedFleet } from './fleetOf.ts';
import { type PossibleAgent, possibleAgents } from './reachable.ts';

const forms = 'a path from /root of names [a-z0-9_]+, or NAME:/root/x for one root, that may end in "*"';

function mayFollow(key: ScriptKey, agent: PossibleAgent): boolean {
  if (key.rootName !== undefined && key.rootName !== agent.rootName) return false;
  const below = `${agent.path}/`;
  if (!key.prefix) return agent.path === key.path || (agent.open && key.path.startsWith(below));
  return agent.path.startsWith(key.path) || (agent.open && (below.startsWith(key.path) || key.path.startsWith(below)));
}

/** The agent nearest to the key's that can exist, and the name it would have to spawn. */
function missingLink(key: ScriptKey, agents: readonly PossibleAgent[]) {
  const above = agents
    .filter((a) => key.rootName === undefined || a.rootName === key.rootName)
    .filter((a) => key.path.startsWith(`${a.path}/`));
  const parent = above.reduce<PossibleAgent | undefined>(
    (x, y) => (x && x.path.length >= y.path.length ? x : y),
    undefined,
  );
  if (parent === undefined) return undefined;
  const rest = key.path.slice(parent.path.length + 1).split('/');
  const starts = key.prefix && rest.length === 1;
  return { parent, wanted: `${starts ? 'a name that begins with ' : ''}"${rest[0]}"` };
}

function neverFault(key: ScriptKey, agents: readonly PossibleAgent[], depthMax: number): Fault {
  const path = keyPath('$.scripts', key.key);
  const expected = key.prefix
    ? 'the beginning of the path of an agent that can exist'
    : 'the path of an agent that can exist';
  const link = missingLink(key, agents);
  if (link === undefined) {
    return {
      path,
      expected,
      found: `${JSON.stringify(key.key)}, which no agent's path matches`,
      remedy: 'paths begin with /root',
    };
  }
  const { parent, wanted } = link;
  const spawned = [...new Set(parent.spawns)];
  const does =
    parent.depth >= depthMax
      ? `it is at limits.depth ${depthMax} and may spawn nobody`
      : `its script spawns ${spawned.length === 0 ? 'nobody' : `only ${spawned.join(', ')}`}`;
  const found = `${JSON.stringify(key.key)}: ${parent.path} would have to spawn ${wanted}, but ${does}`;
  const remedy = `let a spawn_agent call in the script of ${parent.path} have the task_name ${wanted}, or correct or remove this key`;
  return { path, expected, found, remedy };
}

export function scriptKeysFault(fleet: CheckedFleet): Fault | undefined {
  const rootNames = fleet.roots.map((root) => root.name);
  const keys = Object.keys(fleet.scripts ?? {});
  for (const text of keys) {
    const key = parseScriptKey(text);
    const path = keyPath('$.scripts', text);
    if (key === undefined) return { path, expected: forms, found: JSON.stringify(text) };
    if (key.rootName !== undefined && !rootNames.includes(key.rootName)) {
      const expected = `the name of a root before ":": ${rootNames.join(', ')}`;
      return {
        path,
        expected,
        found: JSON.stringify(key.rootName),
        remedy: 'use the name of a root, or name the root so',
      };
    }
  }
  const agents = possibleAgents(fleet);
  const depthMax = completeLimits(fleet.limits).depth;
  for (const text of keys) {
    const key = parseScriptKey(text);
    if (key !== undefined && !agents.some((agent) => mayFollow(key, agent))) return neverFault(key, agents, depthMax);
  }
  return undefined;
}
