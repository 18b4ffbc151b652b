import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryRehearsal, optimum, type Use, type Uses } from '../../projections/memoryRehearsal.ts';
import type { Eviction } from '../../projections/policy.ts';

const counts = (uses: Uses, capacity: number, eviction: Eviction) => new MemoryRehearsal(capacity, eviction).live(uses);

/** Turns one after the other. */
const turns = (agents: string): Uses => [...agents].flatMap((a) => [[a, 'start'] as const, [a, 'rest'] as const]);

/** The fewest loads, by trying every choice of who goes. */
function fewest(uses: Uses, capacity: number): number {
  const search = (i: number, present: ReadonlySet<string>, busy: ReadonlySet<string>): number => {
    const step = uses[i];
    if (step === undefined) return 0;
    if (step === 'restart') return search(i + 1, new Set(), new Set());
    if ('capacity' in step) throw new Error('the search knows one size only');
    const [agent, use] = step;
    const without = (set: ReadonlySet<string>) => new Set([...set].filter((each) => each !== agent));
    if (use === 'rest') return search(i + 1, present, without(busy));
    if (use === 'close') return search(i + 1, without(present), without(busy));
    if (use === 'touch') return search(i + 1, present, busy);
    const running = new Set([...busy, agent]);
    if (present.has(agent)) return search(i + 1, present, running);
    const idle = [...present].filter((each) => !busy.has(each));
    if (present.size < capacity || idle.length === 0) return 1 + search(i + 1, new Set([...present, agent]), running);
    return (
      1 +
      Math.min(
        ...idle.map((gone) => {
          const kept = new Set([...present].filter((each) => each !== gone));
          // More than one may have to go where more were in a turn than fit.
          return kept.size < capacity ? search(i + 1, new Set([...kept, agent]), running) : search(i, kept, busy) - 1;
        }),
      )
    );
  };
  return search(0, new Set(), new Set());
}

/** Each agent starts, rests, starts …: what no agent does is left out. */
const history = fc
  .array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      fc.constantFrom<Use>('start', 'start', 'rest', 'touch', 'close'),
    ),
    {
      maxLength: 14,
    },
  )
  .map((drawn) => {
    const running = new Set<string>();
    return drawn.filter(([agent, use]) => {
      if (use === 'start' && running.has(agent)) return false;
      if (use === 'rest' && !running.has(agent)) return false;
      if (use === 'start') running.add(agent);
      if (use === 'rest' || use === 'close') running.delete(agent);
      return true;
    });
  });

test('[RE2] the least recently used agent goes first, and mail is a use', () => {
  expect(counts(turns('abcab'), 2, 'lru')).toEqual({ loads: 5, reloads: 2, evictions: 3 });
  expect(counts([...turns('ab'), ['a', 'touch'], ...turns('ca')], 2, 'lru')).toEqual({
    loads: 3,
    reloads: 0,
    evictions: 1,
  });
});

test('[RE3] who is in a turn stays, and memory grows beyond its limit before anybody is refused', () => {
  const uses: Uses = [
    ['a', 'start'],
    ['b', 'start'],
    ['c', 'start'],
    ['a', 'rest'],
    ['b', 'rest'],
    ['c', 'rest'],
    ...turns('d'),
  ];
  expect(counts(uses, 1, 'lru')).toEqual({ loads: 4, reloads: 0, evictions: 3 });
});

test('agents that were used again survive a crowd that is used once', () => {
  const uses = turns('aabbcdefgab');
  expect(counts(uses, 5, 'slru').reloads).toBe(0);
  expect(counts(uses, 5, 'lru').reloads).toBe(2);
});

test('an end of memory makes everybody load again', () => {
  expect(counts([...turns('ab'), 'restart', ...turns('ab')], 4, 'lru')).toEqual({
    loads: 4,
    reloads: 2,
    evictions: 0,
  });
});

test('[RE2] a memory that becomes smaller lets the least recently used go at once; one that becomes larger keeps more', () => {
  const smaller: Uses = [...turns('abc'), { capacity: 1 }];
  expect(counts(smaller, 3, 'lru')).toEqual({ loads: 3, reloads: 0, evictions: 2 });
  expect(counts([...smaller, ...turns('c')], 3, 'lru').reloads).toBe(0);
  expect(counts([...turns('ab'), { capacity: 2 }, ...turns('abab')], 1, 'lru')).toEqual({
    loads: 3,
    reloads: 1,
    evictions: 1,
  });
  // What was used again goes last, also after the size has changed.
  expect(counts([...turns('aabc'), { capacity: 2 }, ...turns('a')], 3, 'slru').reloads).toBe(0);
});

test("Belady's order needs as few loads as the best of all orders", () => {
  const numRuns = process.env.HOLDFAST_LONG === undefined ? 200 : 3_000;
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: 4 }), (uses, capacity) => {
      expect(optimum(uses, capacity).loads).toBe(fewest(uses, capacity));
    }),
    { numRuns },
  );
});

test("no order of eviction does with fewer loads than Belady's", () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: 4 }), (uses, capacity) => {
      const best = optimum(uses, capacity);
      for (const order of ['lru', 'slru', 'never'] as const)
        expect(best.loads).toBeLessThanOrEqual(counts(uses, capacity, order).loads);
    }),
  );
});
