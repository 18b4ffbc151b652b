import { describe, expect, test } from 'vitest';
import { inlineCells } from '../../src/cells/inline.ts';
import { identifiers } from '../../src/cells/toolNames.ts';
import { ended, fired, ran, said, specOf, start, texts } from './specs.ts';

const cells = inlineCells();

/** The error of a script, first line. */
async function fault(source: string): Promise<string> {
  const drain = await ran(cells, source);
  return drain.end?.error?.text.split('\n')[0] ?? `no error: ${JSON.stringify(drain.end)}`;
}

describe('what a script finds', () => {
  test('[CE11] beside the language there are eleven globals, and the script can have their names for itself', async () => {
    const language = new Set([
      ...'Error EvalError RangeError ReferenceError SyntaxError TypeError URIError InternalError AggregateError'.split(
        ' ',
      ),
      ...'Array Object Function Iterator Number Boolean String Math Reflect Symbol BigInt Date RegExp JSON Proxy'.split(
        ' ',
      ),
      ...'Map Set WeakMap WeakSet WeakRef FinalizationRegistry Promise ArrayBuffer DataView eval globalThis'.split(' '),
      ...'Uint8ClampedArray Int8Array Uint8Array Int16Array Uint16Array Int32Array Uint32Array'.split(' '),
      ...'BigInt64Array BigUint64Array Float16Array Float32Array Float64Array Infinity NaN undefined'.split(' '),
      ...'parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI encodeURIComponent'.split(' '),
      ...'escape unescape'.split(' '),
    ]);
    const [names] = await said(cells, 'text(Object.getOwnPropertyNames(globalThis))');
    const own = (JSON.parse(names!) as string[]).filter((name) => !language.has(name));
    expect(own.sort()).toEqual(
      'ALL_TOOLS clearTimeout exit image load notify setTimeout store text tools yield_control'.split(' '),
    );
    expect(await said(cells, 'const tools = 1, load = 2; text(tools + load)')).toEqual(['3']);
  });

  test('[CE11] tools have the names of identifiers, each its own, and ALL_TOOLS says what they do', async () => {
    const tools = ['mcp.search-web', 'mcp_search_web', '2fa', '', 'constructor', '__proto__'];
    const names = ['mcp_search_web', 'mcp_search_web_2', '_fa', '_', 'constructor', '__proto__'];
    expect(identifiers(tools)).toEqual(names);
    const source = `
      text(ALL_TOOLS.map((tool) => tool.name));
      text(ALL_TOOLS[0]);
      text(Object.keys(tools));
      for (const { name } of ALL_TOOLS) tools[name]({ name });
      text([typeof tools.nobody, Object.isFrozen(tools)]);`;
    const [drain] = await cells.create(specOf(source, { tools }));
    const [listed, first, keys, rest] = texts([drain!]);
    expect(JSON.parse(listed!)).toEqual(names);
    expect(JSON.parse(first!)).toEqual({ name: 'mcp_search_web', description: 'does mcp.search-web' });
    expect(JSON.parse(keys!)).toEqual(names);
    expect(rest).toBe('["undefined",true]');
    expect(drain!.calls.map(({ tool, args }) => [tool, args])).toEqual(
      tools.map((tool, i) => [tool, { name: names[i] }]),
    );
  });

  test('[CE11] a tool takes its first argument as JSON, or none, and answers with fields or else with text', async () => {
    const of = specOf(`
      const answers = [tools.echo(), tools.echo(undefined, 1), tools.echo({ a: [1, undefined, () => {}], d: new Date(0) }), tools.echo('raw')];
      for (const answer of answers) text(await answer);
      const circle = {}; circle.self = circle;
      for (const bad of [circle, 1n]) await tools.echo(bad).catch((error) => text([typeof error, error]));
      await tools.echo().catch((error) => text([typeof error, error]));
      await tools.echo();`);
    const [first] = await cells.create(of);
    const none = { tool: 'echo' };
    expect(first!.calls).toEqual([
      { callId: 'tool-1', ...none },
      { callId: 'tool-2', ...none },
      { callId: 'tool-3', tool: 'echo', args: { a: [1, null, null], d: '1970-01-01T00:00:00.000Z' } },
      { callId: 'tool-4', tool: 'echo', args: 'raw' },
    ]);
    const fields = JSON.parse('{"__proto__": 1, "list": [1]}') as Record<string, unknown>;
    const drains = await cells.feed(of.cellId, [
      ended(1, 'plain'),
      ended(2, 'unseen', { output: { text: 'unseen', fields } }),
      ended(3, ''),
      ended(4, '{"not": "parsed"}'),
      ended(5, 'refused by a rule', {
        outcome: 'refused',
        output: { text: 'refused by a rule', fields: { code: 'X' } },
      }),
      ended(6, 'cancelled', { outcome: 'cancelled' }),
    ]);
    expect(texts(drains)).toEqual([
      'plain',
      '{"__proto__":1,"list":[1]}',
      '',
      '{"not": "parsed"}',
      '["string","the argument of echo cannot be written as JSON: TypeError: circular reference"]',
      '["string","the argument of echo cannot be written as JSON: TypeError: Do not know how to serialize a BigInt"]',
      '["string","refused by a rule"]',
    ]);
    expect(drains.at(-1)!.end).toMatchObject({
      kind: 'failed',
      error: { code: 'HOLDFAST_CELL_THREW', text: 'cancelled' },
    });
  });

  test('[CE11] text writes primitives as they are and everything else as JSON, and returns nothing', async () => {
    const source = `for (const v of ['ü\\0\\ud800', 1.5, true, null, undefined, 12n, Symbol('s'), [1], { a: 'b' }, new Map()]) text(v); text(text(1))`;
    expect(await said(cells, source)).toEqual([
      ...['ü\0\ud800', '1.5', 'true', 'null', 'undefined', '12', 'Symbol(s)', '[1]', '{"a":"b"}', '{}'],
      ...['1', 'undefined'],
    ]);
    expect(await fault('const c = []; c[0] = c; text(c)')).toBe('TypeError: circular reference');
  });

  test('[CE11] image takes a data URI, an item or an MCP block, and says what is wrong with anything else', async () => {
    const drain = await ran(
      cells,
      `image('data:a'); image({ image_url: 'data:b', detail: 'high' }); image({ image_url: 'data:c', detail: 'high' }, 'low');
       image({ type: 'image', mimeType: 'image/png', data: 'AA==' });
       image({ type: 'image', mimeType: 'image/png', data: 'AA==', _meta: { 'codex/imageDetail': 'original' } })`,
    );
    expect(drain.items).toEqual([
      { imageUrl: 'data:a' },
      { imageUrl: 'data:b', detail: 'high' },
      { imageUrl: 'data:c', detail: 'low' },
      { imageUrl: 'data:image/png;base64,AA==' },
      { imageUrl: 'data:image/png;base64,AA==', detail: 'original' },
    ]);
    const wrong =
      'image expects a non-empty image URL string, an object with image_url and optional detail, or a raw MCP image block';
    for (const [source, text] of [
      ['image()', wrong],
      ["image('')", wrong],
      ['image({})', wrong],
      [
        "image('https://example.com/a.png')",
        'Tool call failed: remote image URLs are not supported in tool outputs. Pass a base64 data URI instead',
      ],
      ["image('data:a', 'huge')", 'image detail must be one of: auto, low, high, original'],
      ["image('data:a', 1)", 'image detail must be a string when provided'],
      ["image({ type: 'audio' })", 'image only accepts MCP image blocks, got "audio"'],
    ]) {
      expect(await fault(source!)).toBe(`TypeError: ${text}`);
    }
  });

  test('[CE11] store and load keep JSON, own writes are seen at once, and each end but an outer one brings them along', async () => {
    const source = `
      const o = { n: 1 }; store('o', o); o.n = 2; text(load('o')); text(load('missing'));
      load('old').push(3); text(load('old')); store('__proto__', [1]); text(load('__proto__')); text(load('toString'));`;
    const store = { old: [1, 2] };
    for (const [last, kind] of [
      ['', 'completed'],
      ['exit()', 'completed'],
      ["throw 'away'", 'failed'],
      ['for (;;) {}', 'failed'],
    ]) {
      const drain = await ran(cells, source + last, { store, limits: { drainMs: 20 } });
      expect(texts([drain])).toEqual(['{"n":1}', 'undefined', '[1,2]', '[1]', 'undefined']);
      expect(drain.end!.kind).toBe(kind);
      expect(Object.entries(drain.end!.writes)).toEqual([
        ['o', { n: 1 }],
        ['__proto__', [1]],
      ]);
    }
    for (const value of ['undefined', '() => {}', '1n', 'circle']) {
      expect(await fault(`const circle = {}; circle.c = circle; store('k', ${value})`)).toBe(
        'TypeError: Unable to store "k". Only plain serializable objects can be stored.',
      );
    }
  });

  test('[CE11] notify tells a text at once, and nothing that is blank', async () => {
    expect((await ran(cells, "notify('a'); notify({ b: 1 })")).notices).toEqual(['a', '{"b":1}']);
    expect(await fault("notify(' \\n')")).toBe('TypeError: notify expects non-empty text');
  });

  test('[CE11] timers take a function and a time that is at least nothing, and a cleared one never fires', async () => {
    const source = `
      for (const ms of [undefined, -1, 0, NaN, Infinity, '20', 1.9, 1e300]) setTimeout(() => {}, ms);
      clearTimeout(); clearTimeout(null); clearTimeout(77); clearTimeout(2);
      await tools.echo(); clearTimeout(3); clearTimeout(3);
      setTimeout((...args) => text(['fired', args]), 5); await tools.echo()`;
    const of = specOf(source);
    const [first] = await cells.create(of);
    expect(first!.timers.map(({ timerId, delayMs }) => [timerId, delayMs])).toEqual([
      ...[
        [1, 0],
        [3, 0],
        [4, 0],
        [5, 0],
        [6, 20],
        [7, 1],
        [8, 2 ** 31 - 1],
      ],
    ]);
    expect(first!.clearedTimers).toEqual([]);
    const [second, third] = await cells.feed(of.cellId, [ended(1, ''), fired(9)]);
    expect(second).toMatchObject({ clearedTimers: [3], timers: [{ timerId: 9, delayMs: 5 }] });
    expect(second!.pending.timers).toEqual([1, 4, 5, 6, 7, 8, 9]);
    expect(texts([third!])).toEqual(['["fired",[]]']);
    expect(await fault('setTimeout("text(1)")')).toBe('TypeError: setTimeout expects a function callback');
    expect(await fault('clearTimeout("1")')).toBe('TypeError: clearTimeout expects a numeric timeout id');
  });

  test('[CE11] an exception in a timer fails the cell', async () => {
    const of = specOf("setTimeout(() => { text('a'); throw new RangeError('late') }); await new Promise(() => {})");
    await cells.create(of);
    const [drain] = await cells.feed(of.cellId, [fired(1)]);
    expect(drain).toMatchObject({
      items: [{ text: 'a' }],
      end: { kind: 'failed', error: { code: 'HOLDFAST_CELL_THREW' } },
    });
    expect(drain!.end!.error!.text).toMatch(/^RangeError: late\n {4}at <anonymous> \(exec_main\.mjs:1:/);
  });

  test('[CE11] yield_control marks where it was called, once for each place', async () => {
    const drain = await ran(
      cells,
      'yield_control(); text(1); yield_control(); yield_control(); text(2); text(3); yield_control()',
    );
    expect(drain.yields).toEqual([0, 1, 3]);
  });

  test('[CE11][C-18] exit is success wherever it is called, and nothing of the script runs after it', async () => {
    for (const source of [
      "text('a'); exit(); text('b')",
      "text('a'); try { exit() } catch { text('b') } finally { text('c') }",
      "text('a'); async function f() { exit() } f(); text('b')",
      "text('a'); await Promise.all([1, 2].map(async () => exit())).catch(() => text('b')); text('c')",
      "text('a'); ({ toString() { exit() } }) + ''; text('b')",
      "text('a'); Promise.resolve().then(exit); await new Promise(() => {})",
      "text('a'); JSON.stringify({ toJSON: exit }); text('b')",
      "text('a'); text({ toJSON() { exit() } }); text('b')",
      "text('a'); 'x'.replace(/x/, () => exit()); text('b')",
      "text('a'); [2, 1].sort(() => exit()); text('b')",
    ]) {
      const drain = await ran(cells, source);
      expect(drain, source).toMatchObject({ items: [{ text: 'a' }], end: { kind: 'completed' } });
    }
    const late = specOf('setTimeout(exit); await new Promise(() => {})');
    await cells.create(late);
    expect(await cells.feed(late.cellId, [fired(1)])).toMatchObject([{ end: { kind: 'completed' } }]);
  });

  test('[CE11] a script is a module: strict, with await, and with imports of nothing', async () => {
    expect(await said(cells, 'text([typeof this, await 1]); export const x = 1; export default x')).toEqual([
      '["undefined",1]',
    ]);
    expect(await fault("import fs from 'node:fs'; text(1)")).toBe('Error: Unsupported import in exec: node:fs');
    expect(await fault("await import('./x.js')")).toBe('Error: unsupported import in exec');
    expect(await said(cells, "await import('fs').catch((e) => text(e.message)); text(import.meta)")).toEqual([
      'unsupported import in exec',
      '{}',
    ]);
    expect(await fault('text(1')).toMatch(/^SyntaxError: /);
  });

  test('[CE10] neither console nor WebAssembly is there, and imports are refused in the words that models know (scenario 30)', async () => {
    expect(await said(cells, 'text([typeof console, typeof WebAssembly, typeof globalThis.console])')).toEqual([
      '["undefined","undefined","undefined"]',
    ]);
    expect(await fault("import 'left-pad'")).toBe('Error: Unsupported import in exec: left-pad');
    expect(await said(cells, "try { await import('left-pad') } catch (e) { text(e.message) }")).toEqual([
      'unsupported import in exec',
    ]);
  });

  test('[CE11] what is not waited for is left: calls and timers that are open when the script ends', async () => {
    const drain = await ran(
      cells,
      "tools.echo().catch(() => {}); setTimeout(() => text('late'), 5); Promise.reject(1); text('end')",
    );
    expect(drain).toMatchObject({ end: { kind: 'completed' }, pending: { calls: ['tool-1'], timers: [1] } });
  });

  test('[CE9] jobs that are left when the script has ended are run before it is over', async () => {
    expect(await said(cells, "Promise.resolve().then(() => 1).then(() => text('job')); text('end')")).toEqual([
      'end',
      'job',
    ]);
  });

  test('an error says where it came from, and one that hides is still told', async () => {
    expect((await ran(cells, 'function f() {\n  null.x\n}\nf()')).end!.error!.text).toBe(
      "TypeError: cannot read property 'x' of null\n    at f (exec_main.mjs:2:7)\n    at <anonymous> (exec_main.mjs:4:2)",
    );
    expect(await fault("throw 'text'")).toBe('text');
    expect(await fault('throw { get stack() { throw 1 } }')).toBe('the script threw something that cannot be shown');
    expect(await fault('throw undefined')).toBe('undefined');
  });

  test('time stands still within a step', async () => {
    const of = specOf(
      'const a = Date.now(); for (let i = 0; i < 1e4; i += 1); text(Date.now() - a); await tools.echo(); text(Date.now())',
    );
    const drains = [...(await cells.create(of)), ...(await cells.feed(of.cellId, [ended(1, '', { at: start + 42 })]))];
    expect(texts(drains)).toEqual(['0', String(start + 42)]);
  });
});
