/**
 * Why a value is not what a codec wants, in one sentence for a person: the deepest mistake, in unions that of the
 * alternative the value was most likely meant to be, and for an unknown key the known one that looks like it.
 */
import type * as t from 'io-ts';
import { type Algebra, foldCodec, type Leaf, type Member } from './fold.ts';
import { hintsOf } from './hints.ts';
import { below, type Found, type Mistake, mistake, type Place, unknownKey } from './mistake.ts';
import { nearest } from './nearest.ts';

interface Explainer {
  readonly expected: string;
  /** Every mistake of a value. */
  readonly check: (value: unknown, at: Place) => readonly Found[];
  /** How much a value looks like it was meant for this codec: 0 for another kind altogether. */
  readonly fit: (value: unknown) => number;
  /** How a union names this alternative: `{fail}`. */
  readonly shape: string;
  readonly members?: readonly Member<Explainer>[];
  /** Whether the value of a literal decides which alternative a record is. */
  readonly tag?: boolean;
}

type Bag = Readonly<Record<string, unknown>>;
const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An explainer of values that are right or wrong as a whole. */
function plain(expected: string, holds: (value: unknown) => boolean, more: Partial<Explainer> = {}): Explainer {
  const check = (value: unknown, at: Place) => (holds(value) ? [] : [mistake(at, expected, value)]);
  return { expected, shape: expected, check, fit: (value) => (holds(value) ? 1 : 0), ...more };
}

const leafExplainers: Readonly<Record<Leaf, Explainer>> = {
  string: plain('a string', (v) => typeof v === 'string'),
  number: plain('a number', (v) => typeof v === 'number'),
  boolean: plain('true or false', (v) => typeof v === 'boolean'),
  null: plain('null', (v) => v === null),
  undefined: plain('nothing', (v) => v === undefined),
  unknown: plain('anything', () => true),
  anyRecord: plain('an object', isBag),
  anyArray: plain('an array', Array.isArray),
};

function recordExplainer(members: readonly Member<Explainer>[]): Explainer {
  return {
    expected: 'an object',
    shape: `{${members.map((m) => (m.optional ? `${m.key}?` : m.key)).join(', ')}}`,
    members,
    check: (value, at) => {
      if (!isBag(value)) return [mistake(at, 'an object', value)];
      return members.flatMap((m) => {
        if (value[m.key] === undefined && m.optional) return [];
        if (value[m.key] === undefined && !Object.hasOwn(value, m.key)) {
          return [{ ...below(at, m.key), expected: m.value.expected, found: 'nothing' }];
        }
        return m.value.check(value[m.key], below(at, m.key));
      });
    },
    fit: (value) =>
      isBag(value)
        ? Math.max(
            1,
            members.reduce((sum, m) => sum + memberFit(m, value), 10),
          )
        : 0,
  };
}

/** A right tag says more than all keys, a key that is there more than one that is not. */
function memberFit(member: Member<Explainer>, value: Bag): number {
  if (!Object.hasOwn(value, member.key)) return member.optional ? 0 : -2;
  if (member.value.tag === true) return member.value.fit(value[member.key]) > 0 ? 100 : -1;
  return 3;
}

const hasAnyOf = (explainer: Explainer, value: unknown): boolean =>
  explainer.members === undefined || !isBag(value) || explainer.members.some((m) => Object.hasOwn(value, m.key));

/** The key by whose literal all alternatives are told apart, when the value has it and none of them fits it. */
function wrongTag(alternatives: readonly Explainer[], value: unknown): { key: string; expected: string } | undefined {
  if (!isBag(value)) return undefined;
  const tagsAt = (key: string) =>
    alternatives.flatMap((a) => a.members?.find((m) => m.key === key && m.value.tag)?.value ?? []);
  for (const { key } of alternatives[0]?.members ?? []) {
    const tags = tagsAt(key);
    const all = tags.length === alternatives.length && Object.hasOwn(value, key);
    if (all && tags.every((tag) => tag.fit(value[key]) === 0))
      return { key, expected: tags.map((tag) => tag.shape).join(' or ') };
  }
  return undefined;
}

function unionExplainer(alternatives: readonly Explainer[]): Explainer {
  const shape = alternatives.map((a) => a.shape).join(' or ');
  return {
    expected: shape,
    shape,
    tag: alternatives.every((a) => a.tag === true),
    fit: (value) => Math.max(0, ...alternatives.map((a) => a.fit(value))),
    check: (value, at) => {
      const all = alternatives.map((a) => ({ a, fit: a.fit(value), found: a.check(value, at) }));
      if (all.some(({ found }) => found.length === 0)) return [];
      const tag = wrongTag(alternatives, value);
      if (tag !== undefined) return [mistake(below(at, tag.key), tag.expected, (value as Bag)[tag.key])];
      const best = all.reduce((x, y) => (y.fit > x.fit ? y : x));
      return best.fit === 0 || !hasAnyOf(best.a, value) ? [mistake(at, shape, value)] : best.found;
    },
  };
}

/** What the hints say is expected beats what the structure says. */
function described(codec: t.Any, explainer: Explainer): Explainer {
  const { description, minimum, maximum, integer, pattern } = hintsOf(codec);
  const range = [minimum !== undefined && `at least ${minimum}`, maximum !== undefined && `at most ${maximum}`].filter(
    Boolean,
  );
  const structural = integer
    ? 'a whole number'
    : pattern !== undefined
      ? `a string that matches ${pattern}`
      : undefined;
  const expected = description ?? (structural && [structural, ...range].join(', '));
  if (expected === undefined) return explainer;
  const renamed = (found: Found, depth: number) => (found.depth === depth ? { ...found, expected } : found);
  const check = (value: unknown, at: Place) => explainer.check(value, at).map((found) => renamed(found, at.depth));
  return { ...explainer, expected, shape: explainer.members ? explainer.shape : expected, check };
}

const algebra: Algebra<Explainer> = {
  leaf: (kind, c) => described(c, leafExplainers[kind]),
  literal: (value, c) =>
    described(
      c,
      plain(JSON.stringify(value), (v) => v === value, { tag: true }),
    ),
  keyof: (keys, c) => {
    const list = keys.map((key) => JSON.stringify(key)).join(' or ');
    return described(
      c,
      plain(list, (v) => typeof v === 'string' && keys.includes(v), { tag: true }),
    );
  },
  array: (item, c) =>
    described(c, {
      expected: 'an array',
      shape: 'an array',
      check: (value, at) =>
        Array.isArray(value) ? value.flatMap((v, i) => item.check(v, below(at, i))) : [mistake(at, 'an array', value)],
      fit: (value) => (Array.isArray(value) ? 10 : 0),
    }),
  record: (key, value, c) =>
    described(c, {
      expected: 'an object',
      shape: 'an object',
      check: (bag, at) => {
        if (!isBag(bag)) return [mistake(at, 'an object', bag)];
        const keys = Object.keys(bag).filter((k) => key.check(k, at).length === 0);
        return keys.flatMap((k) => value.check(bag[k], below(at, k)));
      },
      fit: (bag) => (isBag(bag) ? 5 : 0),
    }),
  members: (members, c) => described(c, recordExplainer(members)),
  intersection: (parts, c) => {
    const members = parts.flatMap((p) => p.members ?? []);
    const check = (value: unknown, at: Place) => parts.flatMap((p) => p.check(value, at));
    const merged = recordExplainer(members);
    return described(
      c,
      parts.every((p) => p.members !== undefined) ? { ...merged, check } : { ...(parts[0] ?? merged), check },
    );
  },
  union: (alternatives, c) => described(c, unionExplainer(alternatives)),
  exact: (inner, keys, c) =>
    described(c, {
      ...inner,
      check: (value, at) => {
        const unknown = isBag(value) ? Object.keys(value).filter((key) => !keys.includes(key)) : [];
        return [...inner.check(value, at), ...unknown.map((key) => unknownAt(below(at, key), key, keys))];
      },
      fit: (value) => {
        const unknown = isBag(value) ? Object.keys(value).filter((key) => !keys.includes(key)).length : 0;
        const fit = inner.fit(value);
        return fit === 0 ? 0 : Math.max(1, fit - 2 * unknown);
      },
    }),
  refinement: (inner, holds, c) =>
    described(c, {
      ...inner,
      check: (value, at) => {
        const found = inner.check(value, at);
        return found.length > 0 || holds(value) ? found : [mistake(at, c.name, value)];
      },
    }),
  recursion: (unfold, c) => {
    let made: Explainer | undefined;
    const inside = () => (made ??= unfold());
    return { expected: c.name, shape: c.name, check: (v, at) => inside().check(v, at), fit: (v) => inside().fit(v) };
  },
};

function unknownAt(at: Place, key: string, keys: readonly string[]): Found {
  const meant = nearest(key, keys);
  const expected = keys.length === 0 ? 'no keys' : `one of ${keys.join(', ')}`;
  return { ...at, expected, found: unknownKey, ...(meant !== undefined && { meant }) };
}

/** An explanation made once for many values. */
export function explainer(codec: t.Any): (value: unknown) => Mistake | undefined {
  const { check } = foldCodec(codec, algebra);
  return (value) => {
    const all = check(value, { path: '$', depth: 0 });
    const weight = (found: Found) => found.depth * 2 + (found.meant !== undefined ? 1 : 0);
    const first = all.reduce<Found | undefined>(
      (a, b) => (a === undefined || weight(b) > weight(a) ? b : a),
      undefined,
    );
    if (first === undefined) return undefined;
    const { depth: _depth, ...told } = first;
    return told;
  };
}
