/**
 * A guard made from a codec: the same answer as `codec.is`, compiled to one flat function, because every event that is
 * read or written is checked. Exact codecs refuse unknown keys (as `closed` does, and `t.exact` of io-ts does not).
 */
import type * as t from 'io-ts';
import { type Algebra, foldCodec, type Leaf, type Member } from './fold.ts';

export type Guard = (value: unknown) => boolean;

/** Code for one codec: an expression over a variable that holds the value. */
interface Check {
  readonly on: (variable: string, scope: Scope) => string;
  /** For records: the same without the test that the value is a record, so that an intersection tests that once. */
  readonly within?: (variable: string, scope: Scope) => string;
  /** Whether `undefined` passes: then a required key must be looked for, not only its value. */
  readonly absent: boolean;
}

/** Variables of the function that is being written. */
interface Scope {
  readonly fresh: () => string;
}

/** For a look at code that is thrown away. */
const noScope: Scope = { fresh: () => 't' };

const isRecord = (v: string) => `typeof ${v} === 'object' && ${v} !== null && !Array.isArray(${v})`;

const leafChecks: Readonly<Record<Leaf, (v: string) => string>> = {
  string: (v) => `typeof ${v} === 'string'`,
  number: (v) => `typeof ${v} === 'number'`,
  boolean: (v) => `typeof ${v} === 'boolean'`,
  null: (v) => `${v} === null`,
  undefined: (v) => `${v} === undefined`,
  unknown: () => 'true',
  anyRecord: isRecord,
  anyArray: (v) => `Array.isArray(${v})`,
};

const both = (parts: readonly string[]): string => parts.filter((p) => p !== 'true').join(' && ') || 'true';
const either = (parts: readonly string[]): string => `(${parts.map((p) => `(${p})`).join(' || ') || 'false'})`;

/** A record check from what must hold inside it. */
const record = (within: (v: string, scope: Scope) => string): Check => ({
  on: (v, scope) => both([isRecord(v), within(v, scope)]),
  within,
  absent: false,
});

function memberCheck(member: Member<Check>, v: string, scope: Scope): string {
  const held = scope.fresh();
  const key = JSON.stringify(member.key);
  const ok = member.value.on(held, scope);
  if (member.optional) return ok === 'true' ? 'true' : `((${held} = ${v}[${key}]) === undefined || (${ok}))`;
  const there = member.value.absent ? `(${held} !== undefined || hasOwn.call(${v}, ${key}))` : 'true';
  return `(${held} = ${v}[${key}], ${both([there, ok])})`;
}

/** Writes functions one after the other and keeps the values they refer to. */
class Writer {
  readonly functions: string[] = [];
  readonly constants: unknown[] = [];
  #count = 0;

  name(): string {
    return `f${++this.#count}`;
  }

  constant(value: unknown): string {
    return `c${this.constants.push(value) - 1}`;
  }

  write(name: string, body: (scope: Scope) => string): string {
    const variables: string[] = [];
    const code = body({ fresh: () => `t${variables.push(`t${variables.length}`) - 1}` });
    const declared = variables.length > 0 ? `let ${variables.join(', ')}; ` : '';
    this.functions.push(`function ${name}(v) { ${declared}${code} }`);
    return name;
  }
}

function algebraFor(writer: Writer): Algebra<Check> {
  const recursive = new Map<t.Any, string>();
  const through = (name: string, absent = false): Check => ({ on: (v) => `${name}(${v})`, absent });

  return {
    leaf: (kind) => ({ on: leafChecks[kind], absent: kind === 'unknown' || kind === 'undefined' }),
    literal: (value) => ({ on: (v) => `${v} === ${JSON.stringify(value)}`, absent: false }),
    keyof: (keys) => {
      if (keys.length <= 16)
        return { on: (v) => either(keys.map((k) => `${v} === ${JSON.stringify(k)}`)), absent: false };
      const set = writer.constant(new Set(keys));
      return { on: (v) => `${set}.has(${v})`, absent: false };
    },
    array: (item) => {
      const each = (scope: Scope, e: string) =>
        `for (let i = 0; i < v.length; i++) { ${e} = v[i]; if (!(${item.on(e, scope)})) return false; }`;
      const name = writer.write(writer.name(), (scope) => `${each(scope, scope.fresh())} return true;`);
      return { on: (v) => `Array.isArray(${v}) && ${name}(${v})`, absent: false };
    },
    record: (key, value) => {
      if (value.on('v', noScope) === 'true') return record(() => 'true');
      const name = writer.write(writer.name(), (scope) => {
        const [k, e] = [scope.fresh(), scope.fresh()];
        const wrong = both([`hasOwn.call(v, ${k})`, key.on(k, scope), `!(${e} = v[${k}], ${value.on(e, scope)})`]);
        return `for (${k} in v) if (${wrong}) return false; return true;`;
      });
      return record((v) => `${name}(${v})`);
    },
    members: (members) => record((v, scope) => both(members.map((m) => memberCheck(m, v, scope)))),
    intersection: (parts) => {
      const withins = parts.map((p) => p.within);
      if (withins.every((w) => w !== undefined)) return record((v, scope) => both(withins.map((w) => w(v, scope))));
      return { on: (v, scope) => both(parts.map((p) => p.on(v, scope))), absent: parts.every((p) => p.absent) };
    },
    union: (alternatives) => ({
      on: (v, scope) => either(alternatives.map((a) => a.on(v, scope))),
      absent: alternatives.some((a) => a.absent),
    }),
    exact: (inner, keys) => {
      const cases = keys.map((k) => `case ${JSON.stringify(k)}: `).join('');
      const loop = `for (const k in v) switch (k) { ${cases && `${cases}break; `}default: if (hasOwn.call(v, k)) return false; }`;
      const name = writer.write(writer.name(), () => `${loop} return true;`);
      if (inner.within === undefined)
        return { ...inner, on: (v, scope) => both([inner.on(v, scope), `${name}(${v})`]) };
      const { within } = inner;
      return record((v, scope) => both([within(v, scope), `${name}(${v})`]));
    },
    refinement: (inner, holds) => {
      const predicate = writer.constant(holds);
      return { on: (v, scope) => both([inner.on(v, scope), `${predicate}(${v})`]), absent: inner.absent };
    },
    recursion: (unfold, codec) => {
      const known = recursive.get(codec);
      if (known !== undefined) return through(known, true);
      const name = writer.name();
      recursive.set(codec, name);
      const body = unfold();
      writer.write(name, (scope) => `return ${body.on('v', scope)};`);
      return through(name, true);
    },
  };
}

/** Falls back to `codec.is` where making code from text is forbidden (a browser with a strict content policy). */
export function guard(codec: t.Any): Guard {
  const writer = new Writer();
  const check = foldCodec(codec, algebraFor(writer));
  writer.write('guard', (scope) => `return ${check.on('v', scope)};`);
  const names = writer.constants.map((_, i) => `c${i}`);
  const code = `'use strict'; const hasOwn = Object.prototype.hasOwnProperty; ${writer.functions.join(' ')} return guard;`;
  try {
    return new Function(...names, code)(...writer.constants) as Guard;
  } catch (error) {
    if (error instanceof EvalError) return codec.is;
    throw error;
  }
}
