import { describe, expect, test } from 'vitest';
import { Keys, type Pressed } from '../../src/cli/attach/keys.ts';
import { Playback } from '../../src/cli/attach/playback.ts';
import type { Window } from '../../src/host/port.ts';

const bytes = (text: string) => Buffer.from(text);

function played(output: Buffer, windows: readonly Window[], readMax = Number.POSITIVE_INFINITY) {
  const read = async (from: number, max: number) => {
    const slice = output.subarray(from, from + Math.min(max, readMax));
    return { from, to: from + slice.length, bytes: slice, omitted: 0, size: output.length };
  };
  return new Playback({ windows, read }, { tty: true, cols: 80, rows: 24 });
}

describe('a playback', () => {
  test('[PR2] plays each part of the output in the size that the terminal had then, however it is read', async () => {
    const first = bytes(`${'x'.repeat(30)}\r\n`);
    const output = Buffer.concat([first, bytes(`${'y'.repeat(30)}\r\n`)]);
    const windows = [
      { at: 0, cols: 20, rows: 6 },
      { at: first.length, cols: 40, rows: 8 },
    ];
    for (const readMax of [1, 7, 1000]) {
      const playback = played(output, windows, readMax);
      await playback.catchUp();
      const { screen } = playback;
      expect([screen.cols, screen.rows]).toEqual([40, 8]);
      expect(screen.lines.at(-1)).toBe('y'.repeat(30));
      expect(screen.lines.join('').replaceAll('y', '')).toBe('x'.repeat(30));
    }
  });

  test('[PR2] of a long output the end is played, in the modes that were set before it', async () => {
    const setUp = bytes('\u001b[?1049h\u001b[?2004h\u001b[?1000h\u001b[?1000l\u001b[?1h\u001b=\u001b[?25l');
    const filler = Buffer.alloc(12 * 2 ** 20, '0123456789abcde\n');
    const end = bytes('\u001b[2J\u001b[Hlast screen');
    const playback = played(Buffer.concat([setUp, filler, end]), [{ at: 0, cols: 30, rows: 5 }]);
    await playback.catchUp();
    expect(playback.cut).toBe(true);
    expect(playback.at).toBe(setUp.length + filler.length + end.length);
    const { lines, modes } = playback.screen;
    expect(lines).toEqual(['last screen']);
    expect(modes.cursorShown).toBe(false);
    for (const on of ['\u001b[?2004h', '\u001b[?1h', '\u001b[?1000l', '\u001b=']) expect(modes.input).toContain(on);
  });

  test('[PR2] colours and wide characters are painted as they were written, cut where a window is narrower', async () => {
    const playback = played(bytes('a\u001b[1;38;5;200mb\u001b[48;2;1;2;3mc\u001b[0md 漢字 e'), [
      { at: 0, cols: 30, rows: 5 },
    ]);
    await playback.catchUp();
    const { screen } = playback;
    const csi = '\u001b[';
    expect(screen.row(0, 0, 30)).toBe(`a${csi}0;1;38;5;200mb${csi}0;1;38;5;200;48;2;1;2;3mc${csi}0md 漢字 e`);
    expect(screen.row(0, 3, 4)).toBe('d 漢');
    expect(screen.row(0, 3, 3)).toBe('d');
  });
});

describe('keys', () => {
  const read = (...chunks: readonly string[]): (string | Pressed)[] => {
    const keys = new Keys();
    return chunks
      .flatMap((chunk) => keys.read(bytes(chunk)))
      .map((pressed) => ('type' in pressed ? Buffer.from(pressed.type).toString() : pressed));
  };

  test('go to the program, but for the one after Ctrl-], also when that comes later', () => {
    expect(read('abc\u0003')).toEqual(['abc\u0003']);
    expect(read('ab\u001dd', 'c')).toEqual(['ab', { wish: 'leave' }, 'c']);
    expect(read('\u001d', 't')).toEqual([{ wish: 'take' }]);
    expect(read('\u001d\u001dx')).toEqual(['\u001dx']);
    expect(read('\u001d?\u001dw\u001dr')).toEqual([{ wish: 'help' }, { wish: 'give' }, { wish: 'redraw' }]);
    expect(read('\u001d', '\u001d', 'd')).toEqual(['\u001d', 'd']);
  });
});
