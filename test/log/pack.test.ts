/** Packing: every JSON value comes back as it was, and nothing that was packed is kept alive by a part of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pack } from '../../src/log/pack.ts';
import { unpack } from '../../src/log/unpack.ts';
import { words } from '../../src/log/words.ts';

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      null,
      undefined,
      true,
      false,
      -0,
      0,
      47,
      48,
      127,
      128,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 53 - 1,
      -(2 ** 53),
      2 ** 64,
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.constantFrom(...words),
    fc.constantFrom('é', 'x'.repeat(47), 'x'.repeat(48), 'x'.repeat(49), 'é'.repeat(70), '🙂', `${'x'.repeat(60)}é`),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(
      fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('__proto__', '0', '10', 'agentId')),
      tie('value'),
      {
        maxKeys: 6,
        noNullPrototype: true,
      },
    ),
  ),
})).value;

test('[I1] any JSON value is unpacked as it was packed', () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(unpack(pack(given))).toStrictEqual(given);
    }),
    { numRuns: 2_000 },
  );
});

test('many strings, many shapes, large numbers of each are told apart', () => {
  const given = Array.from({ length: 3_000 }, (_, i) => ({
    [`k${i % 500}`]: `text ${i % 900}`,
    [`l${i % 40}`]: { deep: [i] },
  }));
  expect(unpack(pack(given))).toStrictEqual(given);
  // Shapes that were seen before are made by code of their own.
  expect(unpack(pack(given))).toStrictEqual(given);
});

test('a value that cannot be packed leaves nothing behind for the next one', () => {
  const endless: unknown[] = [];
  endless.push(endless, 'left behind');
  expect(() => pack(endless)).toThrow(RangeError);
  expect(unpack(pack(['next']))).toEqual(['next']);
});

test('words are distinct and fit a byte, because their order is on disk', () => {
  expect(new Set(words).size).toBe(words.length);
  expect(words.length).toBeLessThanOrEqual(256);
});

test('a table of many keys is one again, with the keys that no plain object can have', () => {
  const given: Record<string, unknown> = Object.create(null);
  for (let i = 0; i < 200; i += 1) given[`key ${i}`] = { i };
  given[['__proto', '__'].join('')] = 'a key like any other';
  given[7] = 'numbers come first';
  expect(JSON.stringify(unpack(pack(given)))).toBe(JSON.stringify(given));
});
