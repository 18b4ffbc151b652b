import { validate, version } from 'uuid';
import { expect, test } from 'vitest';
import { newId } from '../src/newId.ts';

test('new ids are UUIDv7, all different, and sort in the order in which they were made', () => {
  const ids = Array.from({ length: 20_000 }, newId);
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
});

test('an id tells the time it was made at', () => {
  const before = Date.now();
  const at = Number.parseInt(newId().replaceAll('-', '').slice(0, 12), 16);
  // Many ids within a millisecond borrow from the next ones.
  expect(at).toBeGreaterThanOrEqual(before);
  expect(at).toBeLessThan(before + 10_000);
});
