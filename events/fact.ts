/** How a kind of event is declared: one name for codec, type, constructor and disk. */
import * as t from 'io-ts';
import { keysOf } from './closed.ts';
import type { Fact } from './envelope.ts';
import { Imported } from './imported.ts';

/** What has a stream of its own: one of its kind. */
export interface Aggregate<Data> {
  readonly kind: string;
  /** Which one; empty where there is only one. */
  readonly id: (data: Data) => string | number;
}

export const aggregate = <Data>(kind: string, id: (data: Data) => string | number): Aggregate<Data> => ({ kind, id });

export interface FactDef<Type extends string, Data> {
  (data: Data): Fact<Type, Data>;
  readonly type: Type;
  /** Schema version written today. */
  readonly v: number;
  readonly data: t.Type<Data, unknown, unknown>;
  readonly aggregate: Aggregate<Data>;
  /** The stream an event of this kind belongs to: `kind/id`. */
  readonly stream: (data: Data) => string;
  /** No further event of its stream can follow: the stream's version need not be remembered. */
  readonly endsStream: boolean;
  /** `upcasts[n]` turns data of version n into version n + 1 (LO8); kept for ever. */
  readonly upcasts: Readonly<Record<number, (data: any) => any>>;
}

/** In the order in which the log hashes and packs them, so that neither has to sort; undefined members are left out. */
function inOrder<A>(keys: readonly string[], data: A): A {
  const ordered: Record<string, unknown> = {};
  for (const key of keys) {
    const member = (data as Readonly<Record<string, unknown>>)[key];
    if (member !== undefined) ordered[key] = member;
  }
  return ordered as A;
}

type WithImported<C extends t.Any> = t.TypeOf<C> & { imported?: Imported };

export function fact<Type extends string, C extends t.Mixed>(
  type: Type,
  of: Aggregate<t.TypeOf<C>>,
  data: C,
  more: {
    readonly v?: number;
    readonly endsStream?: boolean;
    readonly upcasts?: Record<number, (data: any) => any>;
  } = {},
): FactDef<Type, WithImported<C>> {
  const codec = t.intersection([data, t.partial({ imported: Imported })]);
  const keys = [...keysOf(codec as unknown as t.HasProps)].sort();
  const make = (d: WithImported<C>): Fact<Type, WithImported<C>> => ({ type, data: inOrder(keys, d) });
  const { kind, id } = of;
  const stream = (d: WithImported<C>) => (id(d) === '' ? kind : `${kind}/${id(d)}`);
  const { v = 1, endsStream = false, upcasts = {} } = more;
  const def = { type, v, data: codec, aggregate: of, stream, endsStream, upcasts };
  return Object.assign(make, def) as unknown as FactDef<Type, WithImported<C>>;
}

/** Required and optional members in one type. */
export const shape = <R extends t.Props, O extends t.Props>(required: R, optional: O) =>
  t.intersection([t.type(required), t.partial(optional)]);

/** A string above 64 KiB lies in a content-addressed blob beside the log; the event carries its SHA-256 and size in bytes. */
export const Blob = t.type({ blob: t.string, bytes: t.number });
export type Blob = t.TypeOf<typeof Blob>;
export const Text = t.union([t.string, Blob], 'Text');
export type Text = t.TypeOf<typeof Text>;
