import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../events/limits.ts';
import { programOf } from '../src/cli/program.ts';
import { verbsFor } from '../src/cli/verbs.ts';
import { toolTable } from '../src/decide/tools/table.ts';

/** What the README says is held against what is there. */
const checkout = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(checkout, 'README.md'), 'utf8');

const section = (title: string): string => {
  const from = readme.indexOf(`\n## ${title}\n`);
  expect(from, `section ${title}`).toBeGreaterThan(0);
  const to = readme.indexOf('\n## ', from + 1);
  return readme.slice(from, to < 0 ? undefined : to);
};

const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, lang, body = '']) =>
    lang === language ? [body] : [],
  );

/** First words of the cells in the first column of a section's tables. */
const firstColumn = (text: string): string[] =>
  [...text.matchAll(/^\| `([a-zA-Z_]+)/gm)].map((match) => match[1] ?? '');

describe('the README', () => {
  test('begins with the two commands', () => {
    const [first = ''] = blocks(readme, 'sh');
    expect(readme.indexOf('```sh')).toBeLessThan(20);
    expect(first.split('\n').map((line) => line.replace(/\s*#.*/, ''))).toEqual([
      'npm ci && npm start',
      'npm ci && npm test',
      '',
    ]);
  });

  test.each(['Library', 'Fuzz'])(
    'has an example in %s that is well typed, runs, and prints what stands below it',
    (title) => {
      const [example = ''] = blocks(section(title), 'ts');
      const [printed = ''] = blocks(section(title), 'text');
      // Below the package, so that its own name resolves as it does for others.
      const folder = join(checkout, 'dist', `readme-${title}-${process.pid}`);
      const work = mkdtempSync(join(tmpdir(), 'holdfast-readme-'));
      mkdirSync(folder);
      try {
        writeFileSync(join(folder, 'example.ts'), example);
        const options = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--skipLibCheck', '--types', 'node'];
        const tsc = join(checkout, 'node_modules/.bin/tsc');
        execFileSync(tsc, ['--ignoreConfig', ...options, join(folder, 'example.ts')], { stdio: 'pipe' });
        const said = execFileSync(process.execPath, [join(folder, 'example.js')], { cwd: work, encoding: 'utf8' });
        expect(said).toBe(printed);
      } finally {
        rmSync(folder, { recursive: true });
        rmSync(work, { recursive: true });
      }
    },
  );

  test('names every tool, and no other', () => {
    const tools = section('Tools');
    expect(firstColumn(tools)).toEqual(Object.keys(toolTable));
  });

  test('names every limit with its default', () => {
    const limits = section('Limits');
    expect(firstColumn(limits).sort()).toEqual(Object.keys(defaultLimits).sort());
    for (const [key, value] of Object.entries(defaultLimits)) {
      if (typeof value === 'object') continue;
      const row = limits.split('\n').find((line) => line.startsWith(`| \`${key}\` `));
      expect(row?.split('|')[2]?.replaceAll('`', '').trim(), key).toBe(String(value));
    }
  });

  test('names every verb of the command line, and no other', async () => {
    const table = section('Command line')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const cells = table.map((line) => line.split(/(?<!\\)\|/)[1] ?? '');
    const named = cells.flatMap((cell) => [...cell.matchAll(/`([a-z][a-z-]*)/g)].map((match) => match[1] ?? ''));
    const there = programOf(await verbsFor([])).commands.map((command) => command.name());
    expect([...new Set(named)].sort()).toEqual(there.sort());
  });

  test('links to what is there', () => {
    const targets = [...readme.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((match) => match[1] ?? '');
    expect(targets.filter((target) => !existsSync(join(checkout, target)))).toEqual([]);
    const anchors = [...readme.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1] ?? '');
    const titles = [...readme.matchAll(/^##+ (.+)$/gm)].map((match) => match[1]?.toLowerCase().replaceAll(' ', '-'));
    expect(anchors.filter((anchor) => !titles.includes(anchor))).toEqual([]);
  });
});
