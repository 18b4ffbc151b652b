/** The canonical bytes and the hash chain, against the words of RFC 8785 and of the specification. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Author, fleetId } from '../../src/contract/material.ts';
import { canonical, canonicalInPieces, eventBytes, hashedLine } from '../../src/log/canonical.ts';
import { batchHash, genesis, hexOf } from '../../src/log/chain.ts';

/** RFC 8785 in its plainest words, to hold ours against. */
function plainly(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => (item === undefined ? 'null' : plainly(item))).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    members.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, member]) => `${plainly(key)}:${plainly(member)}`).join(',')}}`;
  }
  return JSON.stringify(typeof value === 'string' ? value.toWellFormed() : value);
}

describe('canonical JSON', () => {
  test('[I1] the example of RFC 8785 is written as the RFC writes it', () => {
    const value = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\u0022/",
      literals: [null, true, false],
    };
    expect(canonical(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('[I1] keys are sorted by UTF-16 units, those that look like integers too', () => {
    expect(canonical({ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, ö: 7 })).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    );
    expect(canonical({ 10: 'a', 9: 'b', 1: { 20: 1, 3: 2 } })).toBe('{"1":{"20":1,"3":2},"10":"a","9":"b"}');
  });

  test('[I1] strings become well-formed, undefined members are omitted, -0 is 0', () => {
    expect(canonical({ a: '\ud800x', b: undefined, c: [undefined, -0], '\udc00': 1 })).toBe(
      '{"a":"\ufffdx","c":[null,0],"\ufffd":1}',
    );
    expect(canonical('a literal \\ud800 is no surrogate')).toBe('"a literal \\\\ud800 is no surrogate"');
  });

  test('[I1] a number that is not finite is a defect', () => {
    expect(() => canonical({ a: Number.NaN })).toThrow('defect');
    expect(() => canonical([Number.POSITIVE_INFINITY])).toThrow('defect');
  });

  test('[I1] any JSON is written as the plainest implementation writes it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), (value) => {
        expect(canonical(value)).toBe(plainly(value));
      }),
      { numRuns: 500 },
    );
  });

  test('[LO6] in pieces it is the same text, of a document larger than a piece too', () => {
    const inPieces = (document: Readonly<Record<string, unknown>>): string[] => {
      const pieces: string[] = [];
      canonicalInPieces(document, (piece) => pieces.push(piece));
      return pieces;
    };
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' })), (document) => {
        expect(inPieces(document).join('')).toBe(plainly(document));
      }),
    );
    const agents = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`id ${i}`, { name: 'x'.repeat(60) }]));
    const large = { z: undefined, agents: { by: agents, none: {} }, a: [1] };
    const pieces = inPieces(large);
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.join('')).toBe(plainly(large));
  });
});

describe('the hash chain', () => {
  test('[I1] batch hash is SHA-256(previous ‖ SHA-256(event 1) ‖ … ‖ SHA-256(event n)) over raw bytes', () => {
    const raw = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
    const author = new Author();
    const { events } = author.batch([
      { stream: 'fleet', data: { fleetId } },
      { stream: 'a', data: { text: 'ü' } },
      { stream: 'b' },
    ]);
    const first = raw(Buffer.from(`holdfast/1/${fleetId}`));
    expect(hexOf(genesis(fleetId))).toBe(first.toString('hex'));
    const chained = raw(Buffer.concat([first, ...events.map((event) => raw(eventBytes(event)))]));
    expect(batchHash(first.toString('hex'), events)).toBe(chained.toString('hex'));
  });

  test('[I1] the line of an event is its canonical bytes with the hash as the last member', () => {
    const [event] = new Author().batch([{ stream: 'fleet', data: { z: 1, a: 2 } }]).events;
    const text = Buffer.from(eventBytes(event!)).toString();
    expect(text).toBe(plainly(event));
    expect(hashedLine(event!)).toBe(text);
    expect(hashedLine({ ...event!, hash: 'ab' })).toBe(`${text.slice(0, -1)},"hash":"ab"}`);
  });
});
