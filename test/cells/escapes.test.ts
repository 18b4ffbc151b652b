import { describe, expect, test } from 'vitest';
import { inlineCells } from '../../src/cells/inline.ts';
import { ended, said, specOf, texts } from './specs.ts';

/**
 * What people try to get out of a sandbox. Nothing of the host is inside, so most of it finds nothing; the rest must not
 * mislead the host about what the cell did.
 */
const cells = inlineCells();

describe('a script reaches nothing but its globals', () => {
  const nothing: readonly (readonly [what: string, source: string])[] = [
    [
      'names of the host',
      `text(['process', 'require', 'module', 'console', 'fetch', 'WebAssembly', 'Atomics', 'SharedArrayBuffer', 'performance', 'queueMicrotask', 'setInterval', 'setImmediate', 'structuredClone', 'Worker', 'Deno', 'Bun', 'std', 'os', 'print', 'scriptArgs', 'Buffer', 'navigator', 'halt'].filter((n) => { try { return typeof globalThis[n] !== 'undefined' || typeof eval(n) !== 'undefined' } catch { return false } }).length)`,
    ],
    [
      'the constructor of a global',
      `text(typeof text.constructor('return typeof process + typeof require')() === 'string' && text.constructor('return this.process')() === undefined ? 0 : 1)`,
    ],
    [
      'constructors of promises, generators and async functions',
      `
      const made = [tools.echo().constructor, (async () => {}).constructor, (function* () {}).constructor, (async function* () {}).constructor];
      text(made.filter((C) => { try { return C('return globalThis.process')() !== undefined && typeof C('return globalThis.process')() !== 'object' } catch { return false } }).length)`,
    ],
    [
      'the caller of a timer or a getter',
      `
      let seen = 0; function look() { try { if (look.caller || arguments.callee.caller) seen += 1 } catch {} }
      text({ get a() { look(); return 1 }, toJSON: look }); text(seen)`,
    ],
    [
      'frames of an error',
      `
      Error.prepareStackTrace = (e, frames) => frames; const e = new Error('x');
      text(typeof e.stack === 'string' && !('getThis' in Object(e.stack[0])) ? 0 : 1)`,
    ],
    [
      'import.meta, import(), import.source',
      `
      let found = Object.keys(import.meta).length;
      for (const n of ['fs', 'node:fs', 'std', 'os', 'qjs:os', 'data:text/javascript,1', 'file:///etc/passwd', '/etc/passwd', './prelude.ts', 'cell']) await import(n).then(() => { found += 1 }, () => {});
      text(found)`,
    ],
    [
      'files by a source map or a stack',
      `//# sourceMappingURL=file:///etc/passwd\ntext(new Error('x').stack.includes('/') ? 1 : 0)`,
    ],
    [
      'memory that was freed',
      `
      const b = new ArrayBuffer(64, { maxByteLength: 1024 }); const view = new Uint8Array(b); let bad = 0;
      view.fill(1); b.resize(0); bad += view[0] === undefined && view.length === 0 ? 0 : 1;
      b.resize(1024); bad += view.every((x) => x === 0) ? 0 : 1;
      const c = new ArrayBuffer(8); const old = new Uint8Array(c); c.transfer(16); bad += old.length;
      text(bad)`,
    ],
    [
      'memory nobody wrote',
      `let sum = 0; for (let i = 0; i < 50; i += 1) for (const x of new Uint32Array(10_000)) sum += x; text(sum)`,
    ],
    [
      'arrays that change while they are sorted, joined, sliced or spread',
      `
      const a = Array.from({ length: 1000 }, (_, i) => i);
      a.sort((x, y) => { a.length = 0; return y - x });
      const b = [1, 2, { toString() { b.length = 0; return 'x' } }, 4]; b.join();
      const c = Array.from({ length: 100 }, () => ({})); c.slice(0, { valueOf() { c.length = 1; return 100 } });
      const t = new Uint8Array(new ArrayBuffer(1000, { maxByteLength: 1000 }));
      t.fill({ valueOf() { t.buffer.resize(1); return 7 } }, 0, 1000); t.set({ length: 1, get 0() { t.buffer.resize(0); return 1 } });
      text(0)`,
    ],
    [
      'species and subclasses',
      `
      let calls = 0;
      class Odd extends Promise { static get [Symbol.species]() { calls += 1; return function (run) { run(() => {}, () => {}) } } }
      class List extends Array { static get [Symbol.species]() { return function () { return new Proxy([], { defineProperty: () => true }) } } }
      Odd.resolve(1).then(() => {}).constructor; List.from([1, 2]).map((x) => x).length; Promise.all.call(Odd, [tools.echo()]);
      text(0)`,
    ],
  ];

  test.each(nothing)('[CE10] %s: nothing is found', async (_, source) => {
    const found = await said(cells, source);
    expect(found.at(-1)).toBe('0');
  });
});

describe('a script that spoils its own world cannot mislead the host', () => {
  /** Done first; then the same script must give the same report as without. */
  const spoilings: readonly (readonly [what: string, source: string])[] = [
    [
      'prototypes',
      `for (const C of [Object, Array, String, Number, Function, Promise, RegExp, Map]) for (const k of Object.getOwnPropertyNames(C.prototype)) { if (k === 'constructor' || (C === Promise && k === 'then') || (C === Array && k === 'length')) continue; try { Object.defineProperty(C.prototype, k, { value: () => { throw 'spoiled' }, configurable: true, writable: true }) } catch {} }`,
    ],
    [
      'setters and getters on Object.prototype',
      `for (const k of ['0', '1', 'get', 'set', 'value', 'writable', 'calls', 'items', 'toJSON', 'resolve', 'reject', 'output', 'id', 'n']) Object.defineProperty(Object.prototype, k, { __proto__: null, set(v) { throw 'spoiled' }, get() { return undefined }, configurable: true })`,
    ],
    [
      'setters on Array.prototype',
      `for (let i = 0; i < 5; i += 1) Object.defineProperty(Array.prototype, i, { set(v) { throw 'spoiled' }, get() { return 'spoiled' }, configurable: true })`,
    ],
    [
      'iterators',
      `for (const C of [Array, String, Map, Set]) C.prototype[Symbol.iterator] = () => { throw 'spoiled' }; Object.getPrototypeOf([][Symbol.iterator]?.name ? Array.prototype : {}).next = 1`,
    ],
    [
      'JSON, Reflect, Object and the rest',
      `const names = Object.getOwnPropertyNames; JSON.stringify = JSON.parse = () => '{"calls":[[99,0]]}'; for (const C of [Object, Reflect, Number, Math, Array]) for (const k of names(C)) try { C[k] = () => { throw 'spoiled' } } catch {} globalThis.String = globalThis.Promise = globalThis.TypeError = globalThis.Number = globalThis.JSON = undefined`,
    ],
    [
      'toJSON of everything that has a prototype',
      `for (const C of [String, Number, Boolean, BigInt]) C.prototype.toJSON = () => 'spoiled'`,
    ],
    ['its own globals', `globalThis.ALL_TOOLS = globalThis.load = globalThis.exit = globalThis.tools = null`],
  ];
  const script = (spoil: string) => `
    const { echo } = tools; const say = text, keep = store, after = setTimeout;
    ${spoil};
    keep('key', 1);
    const first = echo(1), second = echo();
    say('a' + 1); after(() => say('fired'), 7); notify('told'); yield_control();
    say(await second); say(await first);`;

  const run = async (spoil: string) => {
    const of = specOf(script(spoil));
    const drains = [...(await cells.create(of))];
    return [...drains, ...(await cells.feed(of.cellId, [ended(2, 'two'), ended(1, 'one')]))];
  };

  test.each(spoilings)('[CE10] %s', async (_, source) => {
    const sound = await run('');
    expect(texts(sound)).toEqual(['a1', 'two', 'one']);
    expect(await run(source)).toEqual(sound);
  });

  test('[CE10] what stands in arguments, results and texts is never taken for a report', async () => {
    const hostile = '"],"calls":[[7,0]],"x":["\0\u2028\\u0022';
    const of = specOf(
      `text(${JSON.stringify(hostile)}); store(${JSON.stringify(hostile)}, 1); text(await tools.echo({ [${JSON.stringify(hostile)}]: load }))`,
    );
    const [first] = await cells.create(of);
    expect(first).toMatchObject({ items: [{ text: hostile }], calls: [{ callId: 'tool-1', args: {} }] });
    const [last] = await cells.feed(of.cellId, [ended(1, hostile)]);
    expect(last).toMatchObject({ items: [{ text: hostile }], calls: [], end: { writes: { [hostile]: 1 } } });
  });

  test('[CE10] proxies, getters and toJSON in arguments run once, inside, and may throw', async () => {
    const source = `
      let read = 0;
      tools.echo(new Proxy({ a: 1 }, { get(t, k) { read += 1; return t[k] }, ownKeys() { return ['a'] } }));
      tools.echo({ get a() { read += 1; return { toJSON: () => 'b' } } });
      await tools.echo({ get a() { throw new RangeError('inside') } }).catch((e) => text(e));
      await tools.echo({ toJSON() { tools.echo('within'); return 'outer' } });`;
    const [drain] = await cells.create(specOf(source));
    expect(texts([drain!])).toEqual(['the argument of echo cannot be written as JSON: RangeError: inside']);
    expect(drain!.calls.map(({ callId, args }) => [callId, args])).toEqual([
      ['tool-1', { a: 1 }],
      ['tool-2', { a: 'b' }],
      ['tool-3', 'within'],
      ['tool-4', 'outer'],
    ]);
  });

  test('[CE10] a flood of promises, timers or frames ends in a limit, and the next cell is well', async () => {
    for (const source of [
      'for (;;) await 1',
      'const f = () => Promise.resolve().then(f); f(); f(); await new Promise(() => {})',
      'const t = { then(r) { r(t) } }; await t',
      'for (;;) new WeakRef({})',
      '"x".repeat(2 ** 29).replace(/x/g, "yy")',
      'const r = new RegExp("(a*)*".repeat(20) + "b"); r.test("a".repeat(40))',
    ]) {
      const limits = { drainMs: 2, memoryBytes: 32 * 1024 * 1024 };
      const [drain] = await cells.create(specOf(source, { limits }));
      expect(drain!.end?.error?.code, source).toMatch(/^HOLDFAST_CELL_(CPU|MEMORY|STACK)_LIMIT$|THREW/);
      expect(await said(cells, 'text(1 + 1)')).toEqual(['2']);
    }
  });
});
