/** The test runner that a contract suite is called with: vitest and jest are of this shape, and neither is needed to use the rest. */

export interface Expectation {
  toBe(expected: unknown): unknown;
  toEqual(expected: unknown): unknown;
  toMatchObject(expected: object): unknown;
  toBeUndefined(): unknown;
  toHaveLength(expected: number): unknown;
  toBeLessThan(expected: number): unknown;
  toBeLessThanOrEqual(expected: number): unknown;
  toBeGreaterThanOrEqual(expected: number): unknown;
  toBeGreaterThan(expected: number): unknown;
  toHaveProperty(name: string): unknown;
  readonly not: { toContain(expected: unknown): unknown };
  /** What a promise is rejected with. */
  readonly rejects: { toMatchObject(expected: object): Promise<unknown> };
}

export interface Expect {
  (value: unknown): Expectation;
  stringMatching(pattern: RegExp): unknown;
  any(kind: unknown): unknown;
}

export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  readonly expect: Expect;
}
