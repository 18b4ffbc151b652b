/**
 * One walk over an io-ts codec, with an algebra that says what each kind of codec becomes: JSON Schema, guard,
 * explanation and arbitrary are four algebras, and so cannot drift apart from the codec they came from.
 */
import type * as t from 'io-ts';
import { keysOf } from './closed.ts';

export type Leaf = 'string' | 'number' | 'boolean' | 'null' | 'undefined' | 'unknown' | 'anyRecord' | 'anyArray';

export interface Member<R> {
  readonly key: string;
  readonly value: R;
  readonly optional: boolean;
}

/** What each kind of codec becomes. The codec itself comes last, for its name and its hints. */
export interface Algebra<R> {
  readonly leaf: (kind: Leaf, codec: t.Any) => R;
  readonly literal: (value: string | number | boolean, codec: t.Any) => R;
  readonly keyof: (keys: readonly string[], codec: t.Any) => R;
  readonly array: (item: R, codec: t.Any) => R;
  /** Keys that `key` does not accept are nobody's business, as in io-ts. */
  readonly record: (key: R, value: R, codec: t.Any) => R;
  readonly members: (members: readonly Member<R>[], codec: t.Any) => R;
  readonly intersection: (parts: readonly R[], codec: t.Any) => R;
  readonly union: (alternatives: readonly R[], codec: t.Any) => R;
  /** No keys but these. */
  readonly exact: (inner: R, keys: readonly string[], codec: t.Any) => R;
  readonly refinement: (inner: R, holds: (value: unknown) => boolean, codec: t.Any) => R;
  /** The algebra decides when to unfold, and so where a cycle is cut. */
  readonly recursion: (unfold: () => R, codec: t.Any) => R;
}

const leaves: Readonly<Record<string, Leaf>> = {
  StringType: 'string',
  NumberType: 'number',
  BooleanType: 'boolean',
  NullType: 'null',
  UndefinedType: 'undefined',
  UnknownType: 'unknown',
  AnyDictionaryType: 'anyRecord',
  AnyArrayType: 'anyArray',
};

/** The codecs that a walk meets, as io-ts tags them. */
type Tagged =
  | t.LiteralType<string | number | boolean>
  | t.KeyofType<Record<string, unknown>>
  | t.ArrayType<t.Any>
  | t.ReadonlyArrayType<t.Any>
  | t.ReadonlyType<t.Any>
  | t.DictionaryType<t.Any, t.Any>
  | t.InterfaceType<t.AnyProps>
  | t.PartialType<t.AnyProps>
  | t.IntersectionType<t.Any[]>
  | t.UnionType<t.Any[]>
  | t.ExactType<t.HasProps>
  | t.RefinementType<t.Any>
  | t.RecursiveType<t.Any>;

/** Keys of a record whose domain is a closed set: io-ts then wants all of them. */
function finiteKeys(domain: t.Any): readonly string[] | undefined {
  const d = domain as Tagged;
  if (d._tag === 'LiteralType') return [String(d.value)];
  if (d._tag === 'KeyofType') return Object.keys(d.keys);
  if (d._tag !== 'UnionType') return undefined;
  const parts = d.types.map(finiteKeys);
  return parts.some((p) => p === undefined) ? undefined : parts.flatMap((p) => p ?? []);
}

export function foldCodec<R>(codec: t.Any, algebra: Algebra<R>): R {
  const walk = (c: t.Any): R => {
    const kind = leaves[(c as { _tag?: string })._tag ?? ''];
    return kind === undefined ? branch(c as Tagged, algebra, walk) : algebra.leaf(kind, c);
  };
  return walk(codec);
}

function branch<R>(c: Tagged, algebra: Algebra<R>, walk: (codec: t.Any) => R): R {
  const members = (props: t.AnyProps, optional: boolean) =>
    Object.entries(props).map(([key, value]) => ({ key, value: walk(value as t.Any), optional }));
  switch (c._tag) {
    case 'LiteralType':
      return algebra.literal(c.value, c);
    case 'KeyofType':
      return algebra.keyof(Object.keys(c.keys), c);
    case 'ArrayType':
    case 'ReadonlyArrayType':
      return algebra.array(walk(c.type), c);
    case 'ReadonlyType':
      return walk(c.type);
    case 'DictionaryType': {
      const keys = finiteKeys(c.domain);
      if (keys === undefined) return algebra.record(walk(c.domain), walk(c.codomain), c);
      return algebra.members(
        keys.map((key) => ({ key, value: walk(c.codomain), optional: false })),
        c,
      );
    }
    case 'InterfaceType':
      return algebra.members(members(c.props, false), c);
    case 'PartialType':
      return algebra.members(members(c.props, true), c);
    case 'IntersectionType':
      return algebra.intersection(c.types.map(walk), c);
    case 'UnionType':
      return algebra.union(c.types.map(walk), c);
    case 'ExactType':
      return algebra.exact(walk(c.type), keysOf(c.type), c);
    case 'RefinementType':
      return algebra.refinement(walk(c.type), c.predicate, c);
    case 'RecursiveType':
      return algebra.recursion(() => walk(c.runDefinition()), c);
    default:
      throw new TypeError(`codec ${(c as t.Any).name} is of a kind that has no place in an event or a file`);
  }
}
