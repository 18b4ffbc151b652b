import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** `events ← projections ← src`: what lives longest depends on least. This file reads every import line and says so. */
const top = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  /** A path from the top of the repository for our own files, else the name of a package. */
  readonly of: string;
  readonly line: number;
}
interface Source {
  readonly path: string;
  readonly code: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

const statement =
  /^\s*(?:import|export)\b[^'"]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

function read(path: string): Source {
  const text = readFileSync(join(top, path), 'utf8');
  const imports = [...text.matchAll(statement)].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? '';
    const of = name.startsWith('.') ? relative(top, join(top, dirname(path), name)) : name;
    return { of, line: text.slice(0, match.index).split('\n').length };
  });
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  return { path, code, lines: text.split('\n').length, imports };
}

const sources: readonly Source[] = ['events', 'projections', 'src'].flatMap((folder) =>
  readdirSync(join(top, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(join(folder, name))),
);

const under = (folder: string): readonly Source[] => sources.filter((s) => s.path.startsWith(`${folder}/`));

function wrongImports(from: readonly Source[], allowed: (name: string) => boolean): string[] {
  return from.flatMap((s) => s.imports.filter((i) => !allowed(i.of)).map((i) => `${s.path}:${i.line} imports ${i.of}`));
}

const inside =
  (...places: readonly string[]) =>
  (name: string): boolean =>
    places.some((place) => (place.endsWith('/') ? name.startsWith(place) : name === place));

describe('events ← projections ← src (is imported by)', () => {
  test('there is something to read', () => {
    for (const folder of ['events', 'projections', 'src']) expect(under(folder).length).toBeGreaterThan(0);
    expect(sources.flatMap((s) => s.imports).length).toBeGreaterThan(sources.length);
  });

  test('events import io-ts, fp-ts and each other', () => {
    expect(wrongImports(under('events'), inside('events/', 'io-ts', 'fp-ts/'))).toEqual([]);
  });

  test('projections import events, immer and each other', () => {
    expect(wrongImports(under('projections'), inside('projections/', 'events/', 'immer'))).toEqual([]);
  });

  test('src/decide imports events, projections, fp-ts, io-ts, failures and itself: it only decides', () => {
    const allowed = inside('src/decide/', 'events/', 'projections/', 'io-ts', 'fp-ts/', 'src/failure.ts');
    expect(wrongImports(under('src/decide'), allowed)).toEqual([]);
  });

  test('nobody but src/cli imports src/cli: what doors other than the command line need has a room of its own', () => {
    const others = under('src').filter((s) => !s.path.startsWith('src/cli/'));
    expect(wrongImports(others, (name) => !name.startsWith('src/cli/'))).toEqual([]);
  });

  test.each(['log', 'host', 'cells', 'models', 'identity', 'workspaces', 'words'])(
    'src/%s, on which the engine and the doors stand, knows nothing of them',
    (room) => {
      expect(under(`src/${room}`).length).toBeGreaterThan(0);
      const above = inside('src/engine/', 'src/fleet.ts', 'src/live.ts', 'src/cli/', 'src/mcp/');
      expect(wrongImports(under(`src/${room}`), (name) => !above(name))).toEqual([]);
    },
  );

  test('nobody imports the command line but itself', () => {
    const others = sources.filter((s) => !s.path.startsWith('src/cli/'));
    expect(wrongImports(others, (name) => !name.startsWith('src/cli/'))).toEqual([]);
  });

  test('every import of a file of ours ends in .ts and stays inside the house', () => {
    const own = (name: string) => /^(?:events|projections|src)\//.test(name);
    const foreign = (name: string) =>
      !name.includes('..') && !name.startsWith('test/') && !name.startsWith('fixtures/');
    expect(wrongImports(sources, (name) => (own(name) ? name.endsWith('.ts') : foreign(name)))).toEqual([]);
  });
});

test('events, projections and src/decide know no clock and no chance', () => {
  const outside =
    /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\.|\bset(?:Timeout|Interval|Immediate)\(|\bprocess\.(?:env|hrtime|nextTick|uptime|argv|platform|memoryUsage)\b|\bcrypto\.(?:random|get)|\brandom(?:UUID|Bytes)\(/;
  const pure = [...under('events'), ...under('projections'), ...under('src/decide')];
  expect(pure.filter((s) => outside.test(s.code)).map((s) => s.path)).toEqual([]);
});

test("one file calls immer's produce", () => {
  const calls = sources.filter(
    (s) => s.imports.some((i) => i.of === 'immer') && /\bproduce(?:WithPatches)?\s*[(<]/.test(s.code),
  );
  expect(calls.map((s) => s.path)).toEqual(['projections/pages.ts']);
});

/** Real adapters, the folder whose files may import each other, and who else may name them: live.ts and the doors. */
const adapters: ReadonlyArray<readonly [adapter: string, home: string]> = [
  ['src/log/level.ts', 'src/log/'],
  ['src/host/client.ts', 'src/host/'],
  ['src/host/connection.ts', 'src/host/'],
  ['src/cells/pool.ts', 'src/cells/'],
  ['src/cells/quickjs.ts', 'src/cells/'],
  ['node-pty', 'src/host/'],
  ['level', 'src/log/'],
  ['classic-level', 'src/log/'],
];

test.each(adapters)('only live.ts, the command line and its own folder name %s', (adapter, home) => {
  // A bench measures node-pty itself as the peer of the host, and the runtime of cells beside what it runs on.
  const measured = adapter === 'node-pty' || home === 'src/cells/' ? ['src/bench/'] : [];
  const allowed = ['src/live.ts', 'src/index.ts', 'src/cli/', home, ...measured];
  const names = sources.filter((s) => s.imports.some((i) => i.of === adapter));
  expect(names.length).toBeGreaterThan(0);
  expect(names.map((s) => s.path).filter((path) => !inside(...allowed)(path))).toEqual([]);
});

describe('a file is one idea, named by a noun', () => {
  test('no file or folder is called utils, helpers, common, manager or misc', () => {
    const vague = /^(?:utils?|helpers?|common|shared|managers?|misc)$|(?:Manager|Helpers?|Utils?)$/;
    const parts = (path: string) => path.split('/').map((part) => basename(part, '.ts'));
    expect(sources.map((s) => s.path).filter((path) => parts(path).some((part) => vague.test(part)))).toEqual([]);
  });

  test('no file has more than 400 lines', () => {
    expect(sources.filter((s) => s.lines > 400).map((s) => `${s.path}: ${s.lines}`)).toEqual([]);
  });

  test('every file opens with a comment that says what it is for', () => {
    const opens = (path: string) => /^(?:#!.*\n)?\/\*\*/.test(readFileSync(join(top, path), 'utf8'));
    expect(sources.map((s) => s.path).filter((path) => !opens(path))).toEqual([]);
  });
});
