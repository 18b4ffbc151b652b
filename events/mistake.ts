/** A mistake in a document: where it is, what was expected there, what was found; and the sentence that says so. */
import { inOneLine, keyPath } from './jsonPath.ts';

export interface Mistake {
  /** JSON path of what is wrong: `$.roots[0].model`. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** For an unknown key: the known one that it resembles. */
  readonly meant?: string;
}

/** `$.limits.activeTurn: unknown key; did you mean activeTurns?` */
export function sentence({ path, expected, found, meant }: Mistake): string {
  if (meant !== undefined) return `${path}: unknown key; did you mean ${meant}?`;
  return found === unknownKey
    ? `${path}: unknown key; expected ${expected}`
    : `${path}: expected ${expected}, found ${found}`;
}

/** What `found` says of a key that no codec knows. */
export const unknownKey = 'an unknown key';

/** A mistake with its depth in the document: the deepest one says most. */
export interface Found extends Mistake {
  readonly depth: number;
}
export interface Place {
  readonly path: string;
  readonly depth: number;
}

export const below = (at: Place, key: string | number): Place => ({ path: keyPath(at.path, key), depth: at.depth + 1 });
export const mistake = (at: Place, expected: string, value: unknown): Found => ({
  ...at,
  expected,
  found: inOneLine(value),
});
