/** References of a script to earlier results: `{"$from": "ID.field"}` anywhere inside the arguments of a call. */
export type Keys = readonly (string | number)[];

export interface Reference {
  /** Where in the arguments it stands. */
  readonly at: Keys;
  /** What stands there; a reference when it is `ID.field` and alone. */
  readonly from: unknown;
  readonly alone: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isReference = (value: unknown): value is Fields => isObject(value) && Object.hasOwn(value, '$from');

export function referencesIn(value: unknown, at: Keys = []): readonly Reference[] {
  if (isReference(value)) return [{ at, from: value.$from, alone: Object.keys(value).length === 1 }];
  if (Array.isArray(value)) return value.flatMap((item, i) => referencesIn(item, [...at, i]));
  if (isObject(value)) return Object.entries(value).flatMap(([key, held]) => referencesIn(held, [...at, key]));
  return [];
}

/** Every way to read `a.b.c`: call `a`, field `b.c`; call `a.b`, field `c`. Ids come from people and may contain dots. */
export function readings(from: unknown): ReadonlyArray<{ readonly id: string; readonly field: string }> {
  if (typeof from !== 'string') return [];
  const dots = [...from.matchAll(/\./g)].map((match) => match.index);
  return dots
    .map((dot) => ({ id: from.slice(0, dot), field: from.slice(dot + 1) }))
    .filter(({ id, field }) => id !== '' && field !== '');
}

/** A field by its name, or by a path through it: `session_id`, `process.id`. */
function pick(fields: Fields, path: string): unknown {
  if (Object.hasOwn(fields, path)) return fields[path];
  return path.split('.').reduce<unknown>((held, key) => {
    if (Array.isArray(held)) return held[Number(key)];
    return isObject(held) && Object.hasOwn(held, key) ? held[key] : undefined;
  }, fields);
}

/** Arguments with their references filled in, or why that cannot be done. */
export type Resolved = { readonly args: unknown } | { readonly missing: string };

class Missing {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

function referred(from: unknown, resultOf: (id: string) => Fields | undefined): unknown {
  const read = readings(from);
  if (read.length === 0) throw new Missing(`$from wants "ID.field", not ${JSON.stringify(from)}`);
  const known = read.filter(({ id }) => resultOf(id) !== undefined);
  for (const { id, field } of known) {
    const value = pick(resultOf(id) ?? {}, field);
    if (value !== undefined) return structuredClone(value);
  }
  const first = known[0];
  if (first === undefined) throw new Missing(`$from "${String(from)}": there is no result of call ${read[0]?.id}`);
  const has = Object.keys(resultOf(first.id) ?? {});
  throw new Missing(
    `$from "${String(from)}": the result of ${first.id} has no field ${first.field}; it has ${has.join(', ') || 'none'}`,
  );
}

/** Always a deep copy: what the script says must not change with what is done to it. */
export function resolveReferences(args: unknown, resultOf: (id: string) => Fields | undefined): Resolved {
  const copy = (value: unknown): unknown => {
    if (isReference(value)) return referred(value.$from, resultOf);
    if (Array.isArray(value)) return value.map(copy);
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, copy(held)]));
    return value;
  };
  try {
    return { args: copy(args) };
  } catch (error) {
    if (error instanceof Missing) return { missing: error.why };
    throw error;
  }
}
