import * as fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { describe, expect, test } from 'vitest';
import { closed, closedShape } from '../../events/closed.ts';
import { explainer } from '../../events/explain.ts';
import { foldCodec } from '../../events/fold.ts';
import { guard } from '../../events/guard.ts';
import { integer } from '../../events/hints.ts';
import { jsonSchema } from '../../events/jsonSchema.ts';
import { arbitrary } from '../../src/simulate/arbitrary.ts';
import { almost, samples, Tree } from './samples.ts';

const numRuns = process.env.HOLDFAST_LONG === undefined ? 150 : 5_000;

describe.each(samples)('%s', (_name, codec) => {
  test('every generated value is one that the codec decodes', () => {
    fc.assert(
      fc.property(arbitrary(codec), (value) => codec.is(value) && E.isRight(codec.decode(value))),
      { numRuns },
    );
  });

  test('the compiled guard gives the answer of `is`, and an explanation exactly when that is no', () => {
    const check = guard(codec);
    const explain = explainer(codec);
    fc.assert(
      fc.property(almost(codec), (value) => {
        const is = codec.is(value);
        expect(check(value)).toBe(is);
        expect(explain(value) === undefined).toBe(is);
      }),
      { numRuns },
    );
  });
});

test('a guard lets extra keys through, but not where the codec is closed', () => {
  expect(guard(t.type({ a: t.string }))({ a: '', b: 1 })).toBe(true);
  expect(guard(closed(t.type({ a: t.string })))({ a: '', b: 1 })).toBe(false);
  expect(guard(t.strict({ a: t.string }))({ a: '', b: 1 })).toBe(false);
});

test('a closed codec refuses unknown keys in `is` and in `decode` alike', () => {
  const codec = closedShape({ a: t.string }, { b: t.number }, 'AB');
  expect(codec.is({ a: '', c: 1 })).toBe(false);
  expect(E.isLeft(codec.decode({ a: '', c: 1 }))).toBe(true);
  expect(E.isRight(codec.decode({ a: '', b: 1 }))).toBe(true);
});

test('the JSON Schema of a closed shape merges required and optional members and allows no others', () => {
  const codec = closedShape({ a: t.string }, { n: integer({ minimum: 1, description: 'one or more' }) }, 'AN');
  expect(jsonSchema(codec)).toEqual({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { a: { type: 'string' }, n: { type: 'integer', minimum: 1, description: 'one or more' } },
    required: ['a'],
    additionalProperties: false,
  });
});

test('a recursive codec becomes a definition that refers to itself', () => {
  expect(jsonSchema(t.array(Tree))).toEqual({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'array',
    items: { $ref: '#/$defs/Tree' },
    $defs: {
      Tree: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          children: { type: 'array', items: { $ref: '#/$defs/Tree' } },
          twin: { anyOf: [{ $ref: '#/$defs/Tree' }, { type: 'null' }] },
        },
        required: ['name'],
      },
    },
  });
});

test('a codec that no file and no event can have is refused by name', () => {
  const noAlgebra = {} as Parameters<typeof foldCodec>[1];
  expect(() => foldCodec(t.Function, noAlgebra)).toThrow(/Function/);
});
