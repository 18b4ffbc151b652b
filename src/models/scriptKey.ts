/** Which script an agent follows: keys are paths, of one root if they say so, and may end in `*`; exact beats prefix. */
export interface ScriptKey {
  /** As it stands in the file. */
  readonly key: string;
  /** Only for the tree of the root of this name. */
  readonly rootName?: string;
  readonly path: string;
  /** Whether `path` is only how the agent's path begins. */
  readonly prefix: boolean;
}

const exactPath = /^\/root(?:\/[a-z0-9_]+)*$/;
const prefixPath = /^(?:\/?|\/root(?:\/[a-z0-9_]+)*\/?)$/;

/** `undefined` for a text that can be nobody's key. */
export function parseScriptKey(key: string): ScriptKey | undefined {
  const colon = key.indexOf(':');
  const whose = colon < 0 ? {} : { rootName: key.slice(0, colon) };
  const rest = key.slice(colon + 1);
  const prefix = rest.endsWith('*');
  const path = prefix ? rest.slice(0, -1) : rest;
  if (colon === 0 || !(prefix ? prefixPath : exactPath).test(path)) return undefined;
  return { key, ...whose, path, prefix };
}

export const parseScriptKeys = (keys: readonly string[]): ScriptKey[] =>
  keys.map(parseScriptKey).filter((key) => key !== undefined);

/** Exact keys first, then the longer prefix; of two that are alike, the one that names its root. */
function stronger(a: ScriptKey, b: ScriptKey): ScriptKey {
  if (a.prefix !== b.prefix) return a.prefix ? b : a;
  if (a.path.length !== b.path.length) return a.path.length > b.path.length ? a : b;
  return a.rootName !== undefined ? a : b;
}

export function scriptKeyFor(keys: readonly ScriptKey[], rootName: string, path: string): ScriptKey | undefined {
  return keys
    .filter((k) => k.rootName === undefined || k.rootName === rootName)
    .filter((k) => (k.prefix ? path.startsWith(k.path) : path === k.path))
    .reduce<ScriptKey | undefined>((best, key) => (best === undefined ? key : stronger(best, key)), undefined);
}
