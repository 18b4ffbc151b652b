import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { Machine } from '../../src/cells/machine.ts';
import { compileQuickJs, exportNames } from '../../src/cells/quickjs.ts';

/** The names we link by are those of the package's own loader, which was generated together with the module. */
describe('QuickJS is linked by us', () => {
  const require = createRequire(import.meta.url);
  const loader = readFileSync(require.resolve('@jitl/quickjs-wasmfile-release-sync/emscripten-module'), 'utf8');

  test('each export has the short name that the loader gives it', () => {
    const names = Object.fromEntries(
      [...loader.matchAll(/_(QTS_\w+|malloc|free)=\w+\.([\w$]+)/g)].map(([, name, short]) => [name, short]),
    );
    expect(Object.keys(names).length).toBeGreaterThan(50);
    expect(names).toMatchObject(exportNames);
  });

  test('[CE10] of the host the module gets one memory and nineteen functions, which stand in one table', () => {
    const { WebAssembly } = globalThis as unknown as {
      WebAssembly: { Module: { imports(module: unknown): { name: string; kind: string }[] } };
    };
    const imports = WebAssembly.Module.imports(compileQuickJs());
    expect(imports.map(({ name }) => name).sort()).toEqual([...'abcdefghijklmnopqrst']);
    expect(imports.filter(({ kind }) => kind === 'memory').map(({ name }) => name)).toEqual(['a']);
  });

  test('a machine leaves nothing of one cell to the next, and makes the same image of the same cell', () => {
    const module = compileQuickJs();
    const machine = new Machine(module);
    machine.loadNew('[]');
    const blank = machine.save();
    machine.evaluate('globalThis.secret = "x".repeat(3e5).replaceAll("x", "hunter2 ")');
    expect(machine.save().size).toBeGreaterThan(2e6);
    machine.loadNew('[]');
    const after = machine.save();
    expect(Buffer.compare(after.bytes.subarray(0, after.size), blank.bytes.subarray(0, blank.size))).toBe(0);
    expect(Buffer.from(machine.memory.heapBytes).includes('hunter2')).toBe(false);
  });
});
