/**
 * Records whose keys are ids. V8 gives a plain object a hidden class of its own for each new key and, for a first key
 * of 1000, an array of a thousand holes (12 KB); these are hash tables from their first key on, with the same JSON.
 */

export const table = <A>(): Record<string, A> => Object.create(null) as Record<string, A>;

/** The highest index there is: whatever has had it is no array any more. */
const far = 2 ** 32 - 2;

/** For ids that are numbers. */
export function numbered<A>(): Record<string, A> {
  const record: Record<number, unknown> = table();
  record[far] = true;
  delete record[far];
  return record as Record<string, A>;
}

/** Without making a list of its keys. */
export function isEmpty(record: object): boolean {
  for (const _ in record) return false;
  return true;
}
