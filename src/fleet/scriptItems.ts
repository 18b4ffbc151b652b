/** What can be wrong inside one script: equal call ids, references that are none or run in a circle, unknown models. */
import type { FleetFile, ScriptList } from '../../events/fleetFile.ts';
import { keyPath } from '../../events/jsonPath.ts';
import { type Keys, readings, referencesIn } from '../models/reference.ts';
import type { Fault } from './fault.ts';
import { itemsOf } from './reachable.ts';
import { undeclared } from './roots.ts';

interface Call {
  readonly id: string;
  readonly path: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly tool: string;
}

const deeper = (path: string, keys: Keys): string => keys.reduce<string>(keyPath, path);

/** Calls and cells of a script in the order of the file. */
function callsOf(script: readonly ScriptList[], path: string): Call[] {
  return script.flatMap((list, n) =>
    itemsOf(list).flatMap((item, i) => {
      const at = deeper(path, [n, i]);
      if ('call' in item) return [{ id: item.id, path: at, args: item.args, tool: item.call }];
      return 'exec' in item ? [{ id: item.id, path: at, args: {}, tool: 'exec' }] : [];
    }),
  );
}

function sameIdFault(calls: readonly Call[]): Fault | undefined {
  const first = new Map<string, Call>();
  for (const call of calls) {
    const before = first.get(call.id);
    if (before !== undefined) {
      const found = `${JSON.stringify(call.id)}, the id of ${before.path}`;
      return {
        path: `${call.path}.id`,
        expected: 'an id that no other call of this script has',
        found,
        remedy: 'give each call of a script its own id',
      };
    }
    first.set(call.id, call);
  }
  return undefined;
}

function formFault(call: Call): Fault | undefined {
  for (const { at, from, alone } of referencesIn(call.args)) {
    const path = deeper(`${call.path}.args`, at);
    const remedy = 'write {"$from": "ID.field"}: the id of an earlier call of this script and a field of its result';
    if (!alone) return { path, expected: '{"$from": "ID.field"} alone', found: 'other keys beside $from', remedy };
    if (readings(from).length === 0) {
      return { path: `${path}.$from`, expected: '"ID.field"', found: JSON.stringify(from) ?? 'nothing', remedy };
    }
  }
  return undefined;
}

interface Edge {
  readonly to: string;
  readonly path: string;
}

/** For each call the calls that its references name. */
function edgesOf(calls: readonly Call[]): ReadonlyMap<string, readonly Edge[]> {
  const ids = new Set(calls.map((call) => call.id));
  const edges = (call: Call) =>
    referencesIn(call.args).flatMap(({ at, from }) => {
      const to = readings(from).find(({ id }) => ids.has(id))?.id;
      return to === undefined ? [] : [{ to, path: deeper(`${call.path}.args`, at) }];
    });
  return new Map(calls.map((call) => [call.id, edges(call)]));
}

function loopFault(calls: readonly Call[]): Fault | undefined {
  const edges = edgesOf(calls);
  const done = new Set<string>();
  const follow = (id: string, way: readonly string[], path: string): Fault | undefined => {
    const start = way.indexOf(id);
    if (start >= 0) {
      const loop = [...way.slice(start), id].join(' → ');
      const remedy = 'a call can use results of calls before it only; let one of these take a plain value';
      return { path, expected: 'a reference to the result of another, earlier call', found: `a loop: ${loop}`, remedy };
    }
    if (done.has(id)) return undefined;
    for (const edge of edges.get(id) ?? []) {
      const fault = follow(edge.to, [...way, id], edge.path);
      if (fault !== undefined) return fault;
    }
    done.add(id);
    return undefined;
  };
  for (const call of calls) {
    const fault = follow(call.id, [], call.path);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function modelFault(call: Call, fleet: FleetFile): Fault | undefined {
  const { model } = call.args;
  if (call.tool !== 'spawn_agent' || typeof model !== 'string') return undefined;
  return undeclared(`${call.path}.args.model`, model, 'models', fleet);
}

export function scriptItemsFault(fleet: FleetFile): Fault | undefined {
  for (const [key, script] of Object.entries(fleet.scripts ?? {})) {
    const calls = callsOf(script, keyPath('$.scripts', key));
    const each = calls.map((call) => formFault(call) ?? modelFault(call, fleet)).find((fault) => fault !== undefined);
    const fault = sameIdFault(calls) ?? each ?? loopFault(calls);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
