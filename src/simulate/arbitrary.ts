/** Random values of a codec, for properties: whatever is generated, the codec decodes. */
import * as fc from 'fast-check';
import type * as t from 'io-ts';
import { type Algebra, foldCodec, type Leaf, type Member } from '../../events/fold.ts';
import { type Hints, hintsOf } from '../../events/hints.ts';

/** `undefined` where the depth ran out: a union drops that alternative, an array stays empty, an optional key stays away. */
type Source = fc.Arbitrary<unknown> | undefined;

/** How often a recursive codec is unfolded inside itself. */
const unfoldsMax = 3;

/** Numbers as JSON has them: no infinities, no NaN, no minus zero. */
const jsonNumber = (min?: number, max?: number): fc.Arbitrary<number> =>
  fc.double({ noNaN: true, noDefaultInfinity: true, ...bounds(min, max) }).map((n) => (n === 0 ? 0 : n));

const bounds = (min?: number, max?: number) => ({
  ...(min !== undefined && { min }),
  ...(max !== undefined && { max }),
});

/** Well-formed Unicode, as the log keeps it. */
const text = fc.oneof(
  { arbitrary: fc.string({ maxLength: 12 }), weight: 4 },
  fc.string({ unit: 'binary', maxLength: 6 }),
);
/** `__proto__` as a key would set the prototype in generic code, which is not what properties are about. */
const keyed = (keys: fc.Arbitrary<string>) => keys.filter((key) => key !== '__proto__');

const leafSources: Readonly<Record<Leaf, fc.Arbitrary<unknown>>> = {
  string: text,
  number: fc.oneof(fc.integer(), fc.nat(1000), jsonNumber()),
  boolean: fc.boolean(),
  null: fc.constant(null),
  undefined: fc.constant(undefined),
  unknown: fc.jsonValue({ maxDepth: 2 }),
  anyRecord: fc.dictionary(keyed(text), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 4, noNullPrototype: true }),
  anyArray: fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 4 }),
};

function hintedSource(inner: fc.Arbitrary<unknown>, hints: Hints): fc.Arbitrary<unknown> {
  if (hints.pattern !== undefined) return fc.stringMatching(new RegExp(hints.pattern));
  if (hints.integer === true)
    return fc.oneof(
      smallIntegers(hints),
      fc.maxSafeInteger().filter((n) => within(n, hints)),
    );
  if (hints.minimum === undefined && hints.maximum === undefined) return inner;
  const numeric = jsonNumber(hints.minimum, hints.maximum);
  return fc.oneof(inner, numeric);
}

const within = (n: number, { minimum = -Infinity, maximum = Infinity }: Hints) => n >= minimum && n <= maximum;

function smallIntegers({ minimum, maximum }: Hints): fc.Arbitrary<number> {
  const min = Math.ceil(minimum ?? Math.min(-1000, maximum ?? 0));
  return fc.integer({ min, max: Math.floor(maximum ?? Math.max(min, 0) + 1000) });
}

function recordSource(members: readonly Member<Source>[]): Source {
  const possible = members.filter((m) => m.value !== undefined);
  if (members.some((m) => m.value === undefined && !m.optional)) return undefined;
  const sources = Object.fromEntries(possible.map((m) => [m.key, m.value as fc.Arbitrary<unknown>]));
  const requiredKeys = possible.filter((m) => !m.optional).map((m) => m.key);
  return fc.record(sources, { requiredKeys, noNullPrototype: true });
}

const isMergeable = (part: unknown): part is object =>
  typeof part === 'object' && part !== null && !Array.isArray(part);

const merge = (parts: readonly unknown[]): unknown =>
  parts.every(isMergeable) ? Object.assign({}, ...parts) : parts.at(-1);

function arbitraryAlgebra(): Algebra<Source> {
  const unfolded = new Map<t.Any, number>();
  return {
    leaf: (kind) => leafSources[kind],
    literal: (value) => fc.constant(value),
    keyof: (keys) => fc.constantFrom(...keys),
    array: (item, codec) => {
      const minLength = hintsOf(codec).minimum ?? 0;
      if (item === undefined) return minLength === 0 ? fc.constant([]) : undefined;
      return fc.array(item, { minLength, maxLength: minLength + 4 });
    },
    record: (key, value) => {
      if (value === undefined) return fc.constant({});
      return fc.dictionary(keyed((key ?? text) as fc.Arbitrary<string>), value, { maxKeys: 4, noNullPrototype: true });
    },
    members: recordSource,
    intersection: (parts, codec) => {
      if (parts.some((part) => part === undefined)) return undefined;
      return fc
        .tuple(...(parts as fc.Arbitrary<unknown>[]))
        .map(merge)
        .filter(codec.is);
    },
    union: (alternatives) => {
      const possible = alternatives.filter((a) => a !== undefined);
      return possible.length === 0 ? undefined : fc.oneof(...possible);
    },
    exact: (inner) => inner,
    refinement: (inner, _holds, codec) => inner && hintedSource(inner, hintsOf(codec)).filter(codec.is),
    recursion: (unfold, codec) => {
      const depth = unfolded.get(codec) ?? 0;
      if (depth === unfoldsMax) return undefined;
      unfolded.set(codec, depth + 1);
      const source = unfold();
      unfolded.set(codec, depth);
      return source;
    },
  };
}

export function arbitrary<A>(codec: t.Type<A, unknown, unknown>): fc.Arbitrary<A> {
  const source = foldCodec(codec, arbitraryAlgebra());
  if (source === undefined) throw new TypeError(`no value of ${codec.name} is finite`);
  return source as fc.Arbitrary<A>;
}
