/**
 * Which agents a fleet can ever have: its roots, and below each what the scripts spawn by name. Where a script computes a
 * name, runs code, or a model is no script, anything may come into being below that agent.
 */
import type { ScriptItem, ScriptList } from '../../events/fleetFile.ts';
import { completeLimits } from '../../events/limits.ts';
import { parseScriptKeys, scriptKeyFor } from '../models/scriptKey.ts';
import type { CheckedFleet } from './fleetOf.ts';

export interface PossibleAgent {
  readonly rootName: string;
  readonly path: string;
  readonly depth: number;
  readonly model: string;
  /** Names of agents it is known to spawn. */
  readonly spawns: readonly string[];
  /** Any agent may come into being below it. */
  readonly open: boolean;
}

/** Past this many the rest is taken as possible: a script for `*` that spawns two has 2^depth agents. */
const agentsMax = 5_000;

const name = /^[a-z0-9_]+$/;

export const itemsOf = (list: ScriptList): readonly ScriptItem[] => (Array.isArray(list) ? list : []);

interface Spawn {
  /** Absent when only the running fleet knows. */
  readonly name?: string;
  readonly model?: string;
}

function spawnOf(item: ScriptItem): Spawn | undefined {
  if ('exec' in item) return {};
  if (!('call' in item)) return undefined;
  if (item.call === 'exec') return {};
  if (item.call !== 'spawn_agent') return undefined;
  const { task_name, model } = item.args;
  const literal = typeof task_name === 'string';
  if (!literal) return typeof task_name === 'object' && task_name !== null ? {} : undefined;
  if (!name.test(task_name) || task_name === 'root') return undefined;
  return { name: task_name, ...(typeof model === 'string' && { model }) };
}

export function possibleAgents(fleet: CheckedFleet): readonly PossibleAgent[] {
  const depthMax = completeLimits(fleet.limits).depth;
  const keys = parseScriptKeys(Object.keys(fleet.scripts ?? {}));
  const found = new Map<string, PossibleAgent>();
  const queue = fleet.roots.map((root) => ({ rootName: root.name, path: '/root', depth: 0, model: root.model }));
  for (let agent = queue.shift(); agent !== undefined; agent = queue.shift()) {
    const { rootName, path, depth, model } = agent;
    const id = `${rootName}:${path}`;
    if (found.has(id)) continue;
    const key = scriptKeyFor(keys, rootName, path);
    const script = key === undefined ? [] : (fleet.scripts?.[key.key] ?? []);
    const spawns = script.flatMap(itemsOf).flatMap((item) => spawnOf(item) ?? []);
    const scripted = fleet.models?.[model]?.kind === 'script';
    const full = found.size + queue.length >= agentsMax;
    const open = depth < depthMax && (!scripted || full || spawns.some((spawn) => spawn.name === undefined));
    const names = scripted && depth < depthMax ? spawns.flatMap((spawn) => spawn.name ?? []) : [];
    found.set(id, { ...agent, spawns: names, open });
    if (!scripted || full || depth >= depthMax) continue;
    for (const spawn of spawns) {
      if (spawn.name === undefined) continue;
      queue.push({ rootName, path: `${path}/${spawn.name}`, depth: depth + 1, model: spawn.model ?? model });
    }
  }
  return [...found.values()];
}
