/** What a limit is when the fleet file does not say: the defaults of the product, and what follows from a partial `waitMs`. */
import type { Limits, LimitsGiven, Retry } from './fleetFile.ts';

export const defaultLimits: Limits = {
  activeTurns: 3,
  whenFull: 'refuse',
  residents: 64,
  processes: 64,
  onFull: 'refuse',
  cells: 32,
  depth: 16,
  waitMs: { min: 10_000, default: 30_000, max: 3_600_000 },
  outputBytes: 1024 * 1024,
};

/** A bound that was not given gives way to those that were: `{max: 5000}` means waits of at most 5 s, not an error. */
export function completeWait(given: NonNullable<LimitsGiven['waitMs']> = {}): Limits['waitMs'] {
  const usual = defaultLimits.waitMs;
  const min = given.min ?? Math.min(usual.min, given.default ?? usual.min, given.max ?? usual.min);
  const max = given.max ?? Math.max(usual.max, given.default ?? usual.max, min);
  return { min, default: given.default ?? Math.min(Math.max(usual.default, min), max), max };
}

export function completeLimits(given: LimitsGiven = {}): Limits {
  const told = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...defaultLimits, ...told, waitMs: completeWait(given.waitMs) };
}

/** Waits before the second, third … attempt double from `baseMs` up to `maxMs` (TU3). */
export const defaultRetry: Required<Retry> = { attempts: 4, baseMs: 500, maxMs: 8_000 };

export const completeRetry = (given: Retry = {}): Required<Retry> => ({
  attempts: given.attempts ?? defaultRetry.attempts,
  baseMs: given.baseMs ?? defaultRetry.baseMs,
  maxMs: given.maxMs ?? defaultRetry.maxMs,
});
