/** What a model sees of an output: head and tail with exact counts, characters never cut, a budget of tokens. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldsOf, stored } from '../../projections/toolOutput.ts';
import { excerpt, present, type ReadOutput, tokensOf, withinTokens } from '../../src/engine/output.ts';
import { openFleet } from '../../src/index.ts';

/** An output whose first `gone` bytes the spool has dropped. */
const reader =
  (all: Buffer, gone = 0): ReadOutput =>
  async (from, max) => {
    const to = Math.min(from + max, all.length);
    const start = Math.min(Math.max(from, gone), to);
    return { from, to, bytes: all.subarray(start, to), omitted: start - from, size: all.length };
  };

const seen = (text: string | Buffer, max: number, ended = true, from = 0, gone = 0) => {
  const all = Buffer.from(text as string);
  return excerpt(reader(all, gone), from, all.length, max, ended);
};

describe('an output', () => {
  test('[PR9][PR2] within the limit is shown whole', async () => {
    expect(await seen('0123456789', 10)).toEqual({ text: '0123456789', to: 10, bytes: 10 });
  });

  test('[PR9][PR2] above the limit shows head and tail, half each, and counts what is between exactly', async () => {
    expect(await seen('0123456789ab', 10)).toMatchObject({ text: '01234\n... 2 bytes omitted ...\n789ab', to: 12 });
    expect((await seen('0123456789', 0)).text).toBe('\n... 10 bytes omitted ...\n');
  });

  test('[PR9][PR2] whose beginning the spool has dropped says so, with the exact count', async () => {
    expect((await seen('0123456789', 10, true, 0, 4)).text).toBe('\n... 4 bytes omitted ...\n456789');
  });

  test('[PR9][PR2] is read on from a cursor; an unfinished character waits for its end unless there is none', async () => {
    const euro = Buffer.from('a€').subarray(0, 3);
    expect(await seen(euro, 10, false)).toMatchObject({ text: 'a', to: 1 });
    expect(await seen('a€b', 10, false, 1)).toMatchObject({ text: '€b', to: 5 });
    expect((await seen(euro, 10, true)).to).toBe(3);
  });

  test('[PR9][PR2] at any limit: what is shown and what is counted are all of it, and no character is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(60), async (text, max) => {
        const whole = text.toWellFormed();
        const bytes = Buffer.byteLength(whole);
        const shown = await seen(whole, max);
        expect(shown.to).toBe(bytes);
        const parts = shown.text.split(/\n\.\.\. (\d+) bytes omitted \.\.\.\n/);
        if (bytes <= max || parts.length !== 3) return;
        expect(Buffer.byteLength(parts[0]! + parts[2]!) + Number(parts[1])).toBe(bytes);
        expect(whole.startsWith(parts[0]!) && whole.endsWith(parts[2]!)).toBe(true);
      }),
    );
  });
});

describe('a budget of tokens', () => {
  test('[PR9] that is kept changes nothing', () => {
    expect(withinTokens('x'.repeat(40), 10)).toBe('x'.repeat(40));
  });

  test('[PR9] that is exceeded keeps head and tail and says how much there was and how much is gone', () => {
    const text = withinTokens(`${'a'.repeat(30)}${'b'.repeat(30)}`, 5);
    expect(text).toBe(
      `Warning: truncated output (original token count: 15)\n${'a'.repeat(10)}\n…10 tokens truncated…\n${'b'.repeat(10)}`,
    );
  });

  test.each([0, -5])('[PR9] of %d shows nothing but the counts', (tokens) => {
    expect(withinTokens('x'.repeat(40), tokens)).toBe(
      'Warning: truncated output (original token count: 10)\n\n…10 tokens truncated…\n',
    );
  });

  test('[PR9] counts four bytes as a token, rounded up', () => {
    expect([tokensOf(0), tokensOf(1), tokensOf(4), tokensOf(5)]).toEqual([0, 1, 1, 2]);
  });
});

test('[PR9] a command has the environment that keeps programs from colouring and paging, whatever started us', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-env-'));
  try {
    const call = { call: 'exec_command', id: 'c', args: { cmd: 'env', login: false } };
    const fleet = await openFleet({
      log: join(dir, 'log'),
      fleet: { models: { script: { kind: 'script' } }, roots: [{ prompt: 'x' }], scripts: { '/root': [[call]] } },
    });
    await fleet.whenIdle();
    let shown = '';
    for await (const page of fleet.events())
      for (const event of page)
        if (event.type === 'ToolCallEnded') shown = (event.data as { output: { text: string } }).output.text;
    await fleet.stop();
    const lines = shown.split('\n');
    for (const line of ['NO_COLOR=1', 'TERM=dumb', 'PAGER=cat', 'GIT_PAGER=cat', 'GH_PAGER=cat', 'COLORTERM='])
      expect(lines).toContain(line);
    for (const line of ['LANG=C.UTF-8', 'LC_CTYPE=C.UTF-8', 'LC_ALL=C.UTF-8', 'HOLDFAST_AGENT=/root'])
      expect(lines).toContain(line);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

describe('in the log', () => {
  const result = (output: string) => present({ chunkId: 'abc', wallMs: 5, exitCode: 0, tokens: 1, output });

  test('[PR2] output stands once, and whoever reads the result sees it in text and field', () => {
    for (const output of ['', 'a\nOutput:\nb', 'ü'.repeat(1000)]) {
      const whole = result(output);
      const kept = stored(whole);
      expect(JSON.stringify(kept).length).toBeLessThan(JSON.stringify(whole).length);
      expect(fieldsOf(kept)).toEqual(whole.fields);
    }
  });

  test('[PR2] what would go to a blob, and results of another form, stay as they are', () => {
    const long = result('x'.repeat(70_000));
    expect(stored(long)).toBe(long);
    const other = { text: '{"output":"x"}', fields: { output: 'x' } };
    expect(stored(other)).toBe(other);
    expect(fieldsOf({ text: 'no head', fields: { chunk_id: 'a' } })).toEqual({ chunk_id: 'a' });
  });
});
