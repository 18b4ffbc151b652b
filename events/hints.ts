/**
 * Hints on a codec: what a predicate cannot say about itself. JSON Schema, arbitraries and explanations read them; the
 * two makers below derive predicate and hints from one description, so that they cannot disagree.
 */
import * as t from 'io-ts';

export interface Hints {
  /** Source of a regular expression that a string must match. */
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly integer?: boolean;
  readonly title?: string;
  /** What is expected, in words: errors say it, and so does the JSON Schema. */
  readonly description?: string;
}

const registry = new WeakMap<t.Any, Hints>();

/** Attaches hints to a codec and gives the codec back; a second call adds to the first. */
export function describe<C extends t.Any>(codec: C, hints: Hints): C {
  registry.set(codec, { ...registry.get(codec), ...hints });
  return codec;
}

const none: Hints = {};

export const hintsOf = (codec: t.Any): Hints => registry.get(codec) ?? none;

/** A whole number in a range, as a plain `number`. */
export function integer(
  hints: Pick<Hints, 'minimum' | 'maximum' | 'title' | 'description'> = {},
): t.RefinementC<t.NumberC> {
  const { minimum = -Infinity, maximum = Infinity } = hints;
  const holds = (n: number): boolean => Number.isInteger(n) && n >= minimum && n <= maximum;
  return describe(t.refinement(t.number, holds, hints.title ?? 'integer'), { ...hints, integer: true });
}

/** A string that matches a pattern, as a plain `string`. */
export function matching(pattern: RegExp, hints: Pick<Hints, 'title' | 'description'> = {}): t.RefinementC<t.StringC> {
  return describe(
    t.refinement(t.string, (s) => pattern.test(s), hints.title ?? `string matching ${pattern.source}`),
    { ...hints, pattern: pattern.source },
  );
}

describe(t.Int, { integer: true });
