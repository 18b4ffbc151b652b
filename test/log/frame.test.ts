/** Frames: what is packed is read back with the same canonical bytes, and a changed bit shows. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Envelope } from '../../events/envelope.ts';
import { Author } from '../../src/contract/material.ts';
import { canonical, canonicalOf, eventText } from '../../src/log/canonical.ts';
import { genesis, hexOf, Sealer, sha256 } from '../../src/log/chain.ts';
import { decodeFrame, encodeFrame, frameKey, frameVersion, rowOf, unfold } from '../../src/log/frame.ts';

function frameOf(events: readonly Envelope[], sizes: readonly number[]): Buffer {
  const rows: Parameters<typeof encodeFrame>[0]['rows'][number][] = [];
  const sealer = new Sealer(genesis('f'), (event, _text, data) => {
    rows.push(rowOf({ ...event, data: data?.value }, data?.exact === false ? data.text : undefined));
  });
  let at = 0;
  for (const size of sizes) {
    sealer.add(events, at, at + size);
    at += size;
  }
  return encodeFrame({
    first: events[0]!.position,
    epoch: events[0]!.epoch,
    sizes,
    rows,
    prev: genesis('f'),
    seal: sealer.seal,
  });
}

const odd = fc.dictionary(
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'constructor', 'toString', '0', '10', '9', '', 'length'),
  ),
  fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(
        undefined,
        null,
        -0,
        0,
        2 ** 31,
        2 ** 32,
        2 ** 53,
        -(2 ** 53),
        2 ** 63,
        2 ** 64,
        1e300,
        5e-324,
        true,
        {},
        [],
      ),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom('\ud83d', '\ude00', 'x\ud83d', '\ude00y', '\u0000', 'ünï🙂'.repeat(40)),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ maxLength: 3 }), tie('value'), { maxKeys: 5 }),
    ),
  })).value,
  { maxKeys: 6, noNullPrototype: true },
);

test('[I1] any data is read back from a frame with the same canonical bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.array(odd, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 }), (batches) => {
      const author = new Author();
      author.position = 2 ** 33;
      const events = batches.flatMap(
        (facts) => author.batch(facts.map((data, i) => ({ stream: `s/${i}`, data }))).events,
      );
      const first = events[0]!.position;
      const frame = decodeFrame(
        frameKey(first),
        frameOf(
          events,
          batches.map(({ length }) => length),
        ),
      );
      const page: Envelope[] = [];
      unfold(frame, page);
      expect(page.map((event) => eventText(event))).toEqual(events.map((event) => eventText(event)));
      expect(frame).toMatchObject({ first, last: first + events.length - 1, epoch: 1 });
    }),
    { numRuns: 400 },
  );
});

test('[I1] a frame of more shapes than a packer keeps in mind is read back whole', () => {
  const author = new Author();
  const facts = Array.from({ length: 4000 }, (_, i) => ({
    stream: `s/${i}`,
    data: { [`k${i % 700}`]: i, [`l${i % 31}`]: { [`m${i % 900}`]: [{}, { a: i }] } },
  }));
  const { events } = author.batch(facts);
  const page: Envelope[] = [];
  unfold(decodeFrame(frameKey(1), frameOf(events, [4000])), page);
  expect(page).toEqual(events);
});

test('[I1] part of a frame unfolds to exactly the positions asked for', () => {
  const author = new Author();
  const events = [3, 1, 4, 1, 5].flatMap(
    (n) => author.batch(Array.from({ length: n }, () => ({ stream: 's' }))).events,
  );
  const frame = decodeFrame(frameKey(1), frameOf(events, [3, 1, 4, 1, 5]));
  for (const [from, to] of [
    [1, 14],
    [3, 4],
    [5, 5],
    [14, 99],
    [0, 1],
  ] as const) {
    const page: Envelope[] = [];
    unfold(frame, page, from, to);
    expect(page).toEqual(events.filter(({ position }) => position >= from && position <= to));
  }
});

test('[LO4] any changed byte of a frame, and a frame under the key of another, is damage', () => {
  const author = new Author();
  const bytes = frameOf(author.batch([{ stream: 's', data: { text: 'x'.repeat(50) } }]).events, [1]);
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i]! ^= 1 << (i % 8);
    expect(() => decodeFrame(frameKey(1), changed)).toThrow('damaged at position 1');
  }
  expect(() => decodeFrame(frameKey(7), bytes)).toThrow('damaged at position 7');
  expect(() => decodeFrame(frameKey(1), bytes.subarray(0, 40))).toThrow('damaged at position 1');
});

test('[LO8] a frame of a newer format is refused by its version, not taken for damage', () => {
  const bytes = frameOf(new Author().batch([{ stream: 's' }]).events, [1]);
  bytes[32] = frameVersion + 1;
  bytes.write(sha256(bytes.subarray(32)), 0, 'latin1');
  expect(() => decodeFrame(frameKey(1), bytes)).toThrow(expect.objectContaining({ code: 'HOLDFAST_LOG_NEWER' }));
});

test('[I1] data that packing would change is kept as its text', () => {
  expect(canonicalOf({ a: 'fine', b: [1, { c: null }] }).exact).toBe(true);
  expect(canonicalOf({ b: 1, a: 2 }).exact).toBe(true);
  for (const data of [{ a: '\ud800' }, { a: undefined }, JSON.parse('{"__proto__":1}')])
    expect(canonicalOf(data).exact).toBe(false);
  expect(hexOf(sha256(canonical({})))).toHaveLength(64);
});
