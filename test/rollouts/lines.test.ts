import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { HugeLine } from '../../src/rollouts/hugeLine.ts';
import { Lines } from '../../src/rollouts/lines.ts';
import { recordOf } from '../../src/rollouts/record.ts';
import { timeOf } from '../../src/rollouts/shape.ts';
import { newFolder } from './imported.ts';

/** What a huge line keeps: members of objects down to the third level, strings of at most 512 bytes whole. */
function skeletonOf(value: object, depth = 1): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') continue;
    if (Array.isArray(member)) continue;
    if (typeof member === 'object' && member !== null) {
      if (depth >= 3) continue;
      const inner = skeletonOf(member, depth + 1);
      if (Object.keys(inner).length > 0) kept[key] = inner;
    } else kept[key] = member;
  }
  return kept;
}

const feed = (bytes: Buffer, cuts: readonly number[]): HugeLine => {
  const huge = new HugeLine();
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const to = Math.min(cut % (bytes.length + 1), bytes.length);
    if (to <= from) continue;
    huge.feed(bytes.subarray(from, to));
    from = to;
  }
  huge.feed(bytes.subarray(from));
  return huge;
};

test('a huge line is looked at as JSON.parse would, wherever its parts are cut', () => {
  const object = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 });
  fc.assert(
    fc.property(object, fc.array(fc.nat(), { maxLength: 5 }), (value, cuts) => {
      const plain = JSON.parse(JSON.stringify(value)) as object;
      const huge = feed(Buffer.from(JSON.stringify(plain)), cuts);
      expect(huge.whole).toBe(true);
      expect(huge.skeleton()).toEqual(skeletonOf(plain));
    }),
  );
});

test('a huge line that is cut is not whole, and of long texts the beginning is kept', () => {
  const bytes = Buffer.from(JSON.stringify({ type: 'compacted', payload: { message: 'é'.repeat(10_000), n: 1 } }));
  const huge = feed(bytes, [1_000]);
  const { payload } = huge.skeleton() as { payload: { message: string; n: number } };
  expect(payload.n).toBe(1);
  expect(payload.message).toMatch(/^é{200,256}.{0,1}…$/u);
  expect(huge.sha256()).toBe(createHash('sha256').update(bytes).digest('hex'));
  for (const at of [10, 100, bytes.length - 1]) expect(feed(bytes.subarray(0, at), []).whole).toBe(false);
});

test('lines have their places, however long they are, and a last one without an end says so', () => {
  const path = join(newFolder(), 'lines');
  const long = 'x'.repeat(3 * 2 ** 20);
  const huge = JSON.stringify({ type: 'compacted', payload: { text: 'y'.repeat(9 * 2 ** 20), id: 'z' } });
  const content = ['{"a":1}', '', long, huge, '{"b":2}', 'end'].join('\n');
  writeFileSync(path, content);
  const lines = new Lines(path);
  const seen: [number, number, boolean, boolean][] = [];
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    seen.push([line.offset, line.bytes, line.huge !== undefined, line.unended === true]);
    if (line.huge !== undefined)
      expect(recordOf(line).record?.value).toMatchObject({ type: 'compacted', payload: { id: 'z' } });
  }
  const [l, h] = [long.length + 1, huge.length + 1];
  expect(seen).toEqual([
    [0, 8, false, false],
    [8, 1, false, false],
    [9, l, false, false],
    [9 + l, h, true, false],
    [9 + l + h, 8, false, false],
    [17 + l + h, 3, false, true],
  ]);
});

test('time stamps are read as texts, seconds or milliseconds', () => {
  const at = Date.UTC(2026, 3, 29, 23, 26, 19, 952);
  expect(timeOf('2026-04-29T23:26:19.952Z')).toBe(at);
  expect(timeOf('2026-04-29T23:26:19Z')).toBe(at - 952);
  expect(timeOf('2026-04-30T01:26:19.952+02:00')).toBe(at);
  expect(timeOf(at)).toBe(at);
  expect(timeOf(1_777_505_179)).toBe(1_777_505_179_000);
  for (const none of [undefined, null, '', 'soon', {}, Number.NaN]) expect(timeOf(none)).toBeUndefined();
});

test('half of a character in a record becomes a sign of replacement', () => {
  const path = join(newFolder(), 'halves');
  writeFileSync(path, '{"type":"x","payload":{"text":"a\\ud83d b"}}\n');
  expect(recordOf(new Lines(path).next()!).record?.value).toEqual({ type: 'x', payload: { text: 'a\ufffd b' } });
});
