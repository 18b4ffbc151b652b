import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { explained, failureOf } from '../../src/simulate/explore.ts';
import type { History } from '../../src/simulate/history.ts';

/** Histories that found a bug of the engine, each shrunk to what it takes: they are replayed for ever. */
const folder = fileURLToPath(new URL('../../fixtures/histories', import.meta.url));

interface Found {
  readonly broken: string;
  readonly what: string;
  readonly history: History;
}

const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

for (const file of files) {
  const { broken, what, history } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Found;
  test(`[${broken}] it does not happen again that ${what}`, async () => {
    const violation = await failureOf(history);
    expect(violation && (await explained(history, violation))).toBeUndefined();
  });
}

test('the README lists each of them', () => {
  const text = readFileSync(join(folder, 'README.md'), 'utf8');
  expect(files.filter((file) => !text.includes(`\`${file}\``))).toEqual([]);
});

test('[LO1][I5][PR1][PR3] there are histories to replay', () => {
  expect(files.length).toBeGreaterThan(5);
});
