/**
 * Paints a screen on a person's terminal, which may have another size: only rows that differ are written, and of a screen
 * that is larger the part around the cursor is shown. A message takes the last row while it stands.
 */
import { cut, oneLine } from '../../words/line.ts';
import { plainInput } from './modes.ts';
import type { Screen } from './screen.ts';

const csi = '\u001b[';
const sync = { begin: `${csi}?2026h`, end: `${csi}?2026l` };
const hideCursor = `${csi}?25l`;
const showCursor = `${csi}?25h`;
/** A screen beside the one with the shell, without automatic line breaks: a row that is too long must not disturb the next. */
const enter = `${csi}?1049h${csi}?7l${csi}0m${csi}2J`;
const leave = `${plainInput}${csi}r${csi}0m${csi}?7h${showCursor}${csi}?1049l`;

const at = (x: number, y: number): string => `${csi}${y + 1};${x + 1}H`;

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

export class Painter {
  readonly #write: (text: string) => void;
  #rows: string[] = [];
  #size: Size = { cols: 0, rows: 0 };
  #input = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
    write(enter);
  }

  paint(screen: Screen, size: Size, message: string | undefined): void {
    let text = '';
    if (size.cols !== this.#size.cols || size.rows !== this.#size.rows) {
      text += `${csi}2J`;
      this.#rows = [];
      this.#size = size;
    }
    const { x, y } = screen.cursor;
    const left = Math.max(0, Math.min(screen.cols, x + 1) - size.cols);
    const top = Math.max(0, Math.min(screen.rows, y + 1) - size.rows);
    for (let row = 0; row < size.rows; row += 1) {
      const isMessage = message !== undefined && row === size.rows - 1;
      const shown = isMessage
        ? `${csi}0;7m${cut(oneLine(message), size.cols)}${csi}0m`
        : top + row < screen.rows
          ? screen.row(top + row, left, size.cols)
          : '';
      if (shown === (this.#rows[row] ?? '')) continue;
      this.#rows[row] = shown;
      text += `${at(0, row)}${csi}2K${shown}`;
    }
    const { input, cursorShown } = screen.modes;
    if (input !== this.#input) text += input;
    this.#input = input;
    this.#write(`${sync.begin}${hideCursor}${text}${at(x - left, y - top)}${cursorShown ? showCursor : ''}${sync.end}`);
  }

  /** From nothing, with the next paint: something else has written to this terminal. */
  forget(): void {
    this.#size = { cols: 0, rows: 0 };
    this.#input = '';
  }

  bell(): void {
    this.#write('\u0007');
  }

  /** The shell is where it was. */
  end(): void {
    this.#write(leave);
  }
}
