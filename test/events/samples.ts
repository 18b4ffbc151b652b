/** Codecs of every kind, and values that are almost right: what the properties of the codec fold run over. */
import * as fc from 'fast-check';
import * as t from 'io-ts';
import { catalogue, eventTypes } from '../../events/catalogue.ts';
import { closed, closedShape } from '../../events/closed.ts';
import { FleetFile, Limits, LimitsGiven, ScriptList } from '../../events/fleetFile.ts';
import { describe, integer, matching } from '../../events/hints.ts';
import { arbitrary } from '../../src/simulate/arbitrary.ts';

interface Tree {
  readonly name: string;
  readonly children?: readonly Tree[];
  readonly twin?: Tree | null;
}
export const Tree: t.Type<Tree> = t.recursion('Tree', (self) =>
  t.intersection([
    t.type({ name: t.string }),
    t.partial({ children: t.readonlyArray(self), twin: t.union([self, t.null]) }),
  ]),
);

const Even = describe(
  t.brand(t.number, (n): n is t.Branded<number, { readonly Even: unique symbol }> => n % 2 === 0, 'Even'),
  { integer: true, minimum: -10, maximum: 10 },
);

const kinds: Readonly<Record<string, t.Any>> = {
  string: t.string,
  boolean: t.boolean,
  null: t.null,
  literal: t.literal(3),
  keyof: t.keyof({ 'a"b': null, hasOwnProperty: null }),
  manyKeys: t.keyof(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, null]))),
  array: t.array(t.union([t.string, t.null])),
  nested: t.readonlyArray(t.array(integer({ minimum: 2 }))),
  unknown: t.type({ must: t.unknown, may: t.union([t.string, t.undefined]) }),
  record: t.record(t.string, t.number),
  keyed: t.record(t.keyof({ left: null, right: null }), t.boolean),
  patterned: t.record(matching(/^[a-z]{1,3}$/), t.boolean),
  anyRecord: t.UnknownRecord,
  anyArray: t.UnknownArray,
  readonly: t.readonly(t.type({ a: t.number })),
  brand: Even,
  pattern: matching(/^\/root(\/[a-z0-9_]+)*$/),
  intersection: t.intersection([t.type({ a: t.string }), t.partial({ b: Even }), t.record(t.string, t.unknown)]),
  closed: closedShape({ a: t.string }, { b: t.array(t.number) }, 'Closed'),
  closedEmpty: closed(t.type({}), 'Nothing'),
  union: t.union([
    closed(t.type({ say: t.string })),
    closed(t.type({ call: t.string, id: t.string })),
    t.literal('hang'),
  ]),
  tagged: t.union([t.type({ kind: t.literal('a'), n: t.number }), t.type({ kind: t.literal('b'), s: t.string })]),
  tree: Tree,
  trees: t.type({ here: Tree, there: t.array(Tree) }),
  limits: Limits,
  limitsGiven: LimitsGiven,
  scriptList: ScriptList,
  fleetFile: FleetFile,
};

export const samples: ReadonlyArray<readonly [string, t.Any]> = [
  ...Object.entries(kinds),
  ...eventTypes.map((type) => [type, catalogue[type].data as t.Any] as const),
];

const junk = [undefined, null, 0, -1, 1.5, 3, '', 'x', 'hang', true, [], {}, [1], { a: 1 }, Number.NaN, () => 1];

/** Every place of a value where something can be put instead. */
function places(value: unknown, put: (next: unknown) => unknown): Array<(next: unknown) => unknown> {
  const inside = (key: string | number) => (next: unknown) => {
    const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
    copy[key] = next;
    return put(copy);
  };
  if (typeof value !== 'object' || value === null) return [put];
  return [
    put,
    ...Object.entries(value).flatMap(([key, held]) => places(held, inside(Array.isArray(value) ? Number(key) : key))),
  ];
}

function without(value: unknown, n: number): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== keys[n % Math.max(1, keys.length)]));
}

/** Values of the codec, and values with one place spoilt, one key gone or one key too many. */
export const almost = (codec: t.Any): fc.Arbitrary<unknown> =>
  fc
    .tuple(arbitrary(codec), fc.nat(), fc.constantFrom(...junk), fc.constantFrom('keep', 'put', 'drop', 'add'))
    .map(([value, n, thing, how]) => {
      const all = places(value, (next) => next);
      if (how === 'keep') return value;
      if (how === 'drop') return without(value, n);
      if (how === 'put') return all[n % all.length]?.(thing);
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value, extra: thing } : thing;
    });
