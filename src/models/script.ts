/** The script model: lists from the fleet file stand in for what a model says. It takes the code path of a real model. */
import type { ScriptFail, ScriptItem, Scripts } from '../../events/fleetFile.ts';
import { Failure } from '../failure.ts';
import { type Model, type ModelItem, overflowCode, type Sampling } from './port.ts';
import { resolveReferences } from './reference.ts';
import { parseScriptKeys, scriptKeyFor } from './scriptKey.ts';

/** Runs something later; what it gives back cancels it. */
export interface After {
  after(ms: number, run: () => void): () => void;
}

type Fields = Readonly<Record<string, unknown>>;

/** Of two results under one id the newer counts: a model may use an id again in another turn. */
function resultsIn(history: Sampling['history']): (id: string) => Fields | undefined {
  const results = new Map<string, Fields>();
  for (const item of history) if (item.kind === 'result') results.set(item.callId, item.fields ?? {});
  return (id) => results.get(id);
}

function spoken(
  item: Exclude<ScriptItem, { usage: unknown }>,
  resultOf: (id: string) => Fields | undefined,
): ModelItem {
  if ('say' in item) return { say: item.say };
  if ('exec' in item) return { exec: item.exec, id: item.id };
  const resolved = resolveReferences(item.args, resultOf);
  if ('args' in resolved) return { call: item.call, id: item.id, args: resolved.args };
  return { call: item.call, id: item.id, args: structuredClone(item.args), invalid: resolved.missing };
}

/** Waits, unless the signal is aborted first: then it rejects with the signal's reason. `undefined` waits for that alone. */
function pause(clock: After, ms: number | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const cancel = ms === undefined ? () => {} : clock.after(ms, done);
    function done(): void {
      signal.removeEventListener('abort', aborted);
      resolve();
    }
    function aborted(): void {
      cancel();
      reject(signal.reason);
    }
    signal.addEventListener('abort', aborted, { once: true });
  });
}

function failureOf({ fail, as, retryAfterMs }: ScriptFail, of: { readonly path: string; readonly n: number }): Failure {
  return new Failure(as === 'overflow' ? overflowCode : 'HOLDFAST_MODEL_FAILED', fail, {
    remedy: 'the script says so; a real model would be asked again',
    details: { ...of, ...(retryAfterMs !== undefined && { retryAfterMs }) },
    retryable: as !== 'overflow' && as !== 'refused',
  });
}

export function scriptModel(scripts: Scripts, clock: After): Model {
  const keys = parseScriptKeys(Object.keys(scripts));

  return {
    async sample({ rootName, path, n, history }, signal) {
      signal.throwIfAborted();
      const key = scriptKeyFor(keys, rootName, path)?.key;
      const list = key === undefined ? undefined : scripts[key]?.[n - 1];
      // A script that has run out, and an agent without one, answer with an empty final message.
      if (list === undefined) return { items: [{ say: '' }] };
      if ('fail' in list) throw failureOf(list, { path, n });
      if ('hang' in list) {
        await pause(clock, undefined, signal);
        return { items: [] };
      }
      const delayMs = list.reduce((sum, item) => sum + ('delayMs' in item ? (item.delayMs ?? 0) : 0), 0);
      if (delayMs > 0) await pause(clock, delayMs, signal);
      const resultOf = resultsIn(history);
      const used = list.find((item) => 'usage' in item)?.usage;
      const said = list.flatMap((item) => ('usage' in item ? [] : [spoken(item, resultOf)]));
      return { items: said, ...(used !== undefined && { usage: used }) };
    },
  };
}
