/** The screen of a process: a terminal in memory that its output is written to. */
import headless, { type IBufferCell, type Terminal } from '@xterm/headless';
import { Modes } from './modes.ts';

/** Lines above the screen, which come back when it grows. */
const scrollback = 1_000;

const csi = '\u001b[';

export class Screen {
  /** As the program has set them. */
  readonly modes = new Modes();
  readonly #terminal: Terminal;
  readonly #cell: IBufferCell;

  /** `lineEnds`: output of pipes, where a line feed begins a new line. */
  constructor(cols: number, rows: number, lineEnds: boolean) {
    const options = { cols, rows, scrollback, convertEol: lineEnds, allowProposedApi: true, logLevel: 'off' } as const;
    this.#terminal = new headless.Terminal(options);
    this.#cell = this.#terminal.buffer.active.getNullCell();
    const { parser } = this.#terminal;
    const { modes } = this;
    // They only look: false leaves the sequence to the terminal itself.
    const set = (on: boolean) => (params: (number | number[])[]) => {
      for (const mode of params) if (typeof mode === 'number') modes.put(mode, on);
      return false;
    };
    const look = (see: () => void) => () => {
      see();
      return false;
    };
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, set(true));
    parser.registerCsiHandler({ prefix: '?', final: 'l' }, set(false));
    parser.registerCsiHandler({ intermediates: ' ', final: 'q' }, ([shape]) => {
      modes.shape = String(shape ?? '');
      return false;
    });
    parser.registerCsiHandler(
      { intermediates: '!', final: 'p' },
      look(() => modes.reset()),
    );
    parser.registerEscHandler(
      { final: 'c' },
      look(() => modes.reset()),
    );
    parser.registerEscHandler(
      { final: '=' },
      look(() => (modes.keypad = '=')),
    );
    parser.registerEscHandler(
      { final: '>' },
      look(() => (modes.keypad = '>')),
    );
  }

  /** Resolves when all of it is on the screen. */
  write(data: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(data, resolve));
  }

  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows);
  }

  /** What a terminal says to a program that asks it something. */
  onReply(listener: (reply: string) => void): void {
    this.#terminal.onData(listener);
  }

  onBell(listener: () => void): void {
    this.#terminal.onBell(listener);
  }

  get cols(): number {
    return this.#terminal.cols;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  /** Behind the last column where a line has just been filled. */
  get cursor(): { readonly x: number; readonly y: number } {
    const { cursorX, cursorY } = this.#terminal.buffer.active;
    return { x: Math.min(cursorX, this.cols - 1), y: cursorY };
  }

  /** One row from column `from` on, at most `cols` wide, in a form that a terminal shows; blanks at its end are left out. */
  row(y: number, from: number, cols: number): string {
    const { active } = this.#terminal.buffer;
    const line = active.getLine(active.baseY + y);
    if (line === undefined) return '';
    let text = '';
    let blanks = '';
    let style = '';
    const end = Math.min(line.length, from + cols);
    for (let x = from; x < end; x += 1) {
      const cell = line.getCell(x, this.#cell);
      const width = cell?.getWidth() ?? 0;
      if (cell === undefined || width === 0) continue;
      const now = styleOf(cell);
      const chars = width > end - x ? ' ' : cell.getChars() || ' ';
      if (now === '' && style === '' && chars === ' ') {
        blanks += ' ';
        continue;
      }
      text += blanks + (now === style ? '' : `${csi}0${now}m`) + chars;
      blanks = '';
      style = now;
    }
    return style === '' ? text : `${text}${csi}0m`;
  }

  /** What is on it, without the empty rows at its end. */
  get lines(): string[] {
    const lines = Array.from({ length: this.rows }, (_, y) => this.row(y, 0, this.cols));
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }
}

/** SGR parameters, each with a semicolon before it; empty for plain text. */
function styleOf(cell: IBufferCell): string {
  if (cell.isAttributeDefault()) return '';
  let style = '';
  if (cell.isBold()) style += ';1';
  if (cell.isDim()) style += ';2';
  if (cell.isItalic()) style += ';3';
  if (cell.isUnderline()) style += ';4';
  if (cell.isBlink()) style += ';5';
  if (cell.isInverse()) style += ';7';
  if (cell.isInvisible()) style += ';8';
  if (cell.isStrikethrough()) style += ';9';
  if (cell.isOverline()) style += ';53';
  if (!cell.isFgDefault()) style += colourOf(30, cell.isFgRGB(), cell.getFgColor());
  if (!cell.isBgDefault()) style += colourOf(40, cell.isBgRGB(), cell.getBgColor());
  return style;
}

/** `base`: 30 for the text, 40 for what is behind it. */
function colourOf(base: number, rgb: boolean, colour: number): string {
  if (rgb) return `;${base + 8};2;${colour >> 16};${(colour >> 8) & 0xff};${colour & 0xff}`;
  if (colour < 8) return `;${base + colour}`;
  return colour < 16 ? `;${base + 60 + colour - 8}` : `;${base + 8};5;${colour}`;
}
