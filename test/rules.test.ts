import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Holds test/RULES.md and the names of the tests against each other. */
const here = fileURLToPath(new URL('.', import.meta.url));

const rules: readonly string[] = [
  ...readFileSync(join(here, 'RULES.md'), 'utf8').matchAll(/^- \*\*([A-Z]{2}\d+)\*\* \S/gm),
].map((match) => match[1] ?? '');

/** Ids at the start of a test's name: `'[SL4] …'`, `'[SL4][R1] …'`, `'[SL4, R1] …'`. */
const opening = /['"`]((?:\[[A-Z]{1,2}-?\d+(?:, ?[A-Z]{1,2}-?\d+)*\] ?)+)/g;

/** The contract suites are published with the program, so they lie in `src`. */
const folders = ['', '../src/contract'];

const quotes = folders
  .flatMap((folder) =>
    readdirSync(join(here, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .filter((name) => name.endsWith('.ts') && name !== 'rules.test.ts')
  .flatMap((file) => {
    const names = [...readFileSync(join(here, file), 'utf8').matchAll(opening)].map((match) => match[1] ?? '');
    return names.flatMap((name) => (name.match(/[A-Z]{1,2}-?\d+/g) ?? []).map((id) => ({ id, file })));
  });

const upTo = (letters: string, n: number) => Array.from({ length: n }, (_, i) => `${letters}${i + 1}`);
/** Invariants of the log, and the races of the peer that must not happen here. */
const elsewhere = new Set([...upTo('I', 13), ...upTo('R', 40), ...upTo('P-', 26), ...upTo('C-', 29)]);

test('each rule has one sentence in RULES.md and stands there once', () => {
  expect(rules.length).toBeGreaterThan(0);
  expect(rules.filter((id, i) => rules.indexOf(id) !== i)).toEqual([]);
});

test('each rule in force is quoted by a test', () => {
  const quoted = new Set(quotes.map(({ id }) => id));
  expect(rules.filter((id) => !quoted.has(id))).toEqual([]);
});

test('each id that a test quotes is a rule in force, an invariant or a race', () => {
  const known = new Set([...rules, ...elsewhere]);
  expect(quotes.filter(({ id }) => !known.has(id)).map(({ id, file }) => `${file}: ${id}`)).toEqual([]);
});
