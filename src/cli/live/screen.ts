/** Lines at the bottom of a terminal that change in place: only what differs is written, in one synchronised update. */
import { widthOf } from '../../words/line.ts';

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
}

/** A line that may carry colours beside its plain text. */
export interface Line {
  readonly plain: string;
  readonly shown: string;
}

const csi = '\u001b[';
const sync = { begin: `${csi}?2026h`, end: `${csi}?2026l` };
const cursor = { hide: `${csi}?25l`, show: `${csi}?25h` };
const clearBelow = `${csi}J`;
const clearLine = `${csi}2K`;
const clearRest = `${csi}K`;
const up = (n: number): string => (n > 0 ? `\r${csi}${n}A` : '\r');

export class Screen {
  readonly #terminal: Terminal;
  #drawn: readonly Line[] = [];
  #columns = 0;
  #hidden = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** No more lines than the terminal has rows, none as wide as it is. */
  draw(lines: readonly Line[]): void {
    const { columns } = this.#terminal;
    let text = this.#columns === columns || this.#drawn.length === 0 ? '' : this.#erase();
    this.#columns = columns;
    const before = this.#drawn;
    let body = '';
    let changed = false;
    for (const [i, { shown }] of lines.entries()) {
      const old = before[i];
      if (old === undefined) {
        body += `${shown}${clearRest}\r\n`;
        changed = true;
      } else if (old.shown === shown) body += `${csi}1B\r`;
      else {
        body += `${shown}${clearRest}${csi}1B\r`;
        changed = true;
      }
    }
    if (lines.length < before.length) {
      body += clearBelow;
      changed = true;
    }
    this.#drawn = lines;
    if (!changed && text === '') return;
    text += up(before.length) + body;
    const hide = this.#hidden ? '' : cursor.hide;
    this.#hidden = true;
    this.#terminal.write(`${sync.begin}${hide}${text}${sync.end}`);
  }

  /** Takes the lines away, so that something else can be printed; the next `draw` puts them below it. */
  clear(): void {
    if (this.#drawn.length > 0) this.#terminal.write(this.#erase());
  }

  /** The lines stay where they are, and the cursor comes back below them. */
  leave(): void {
    if (this.#hidden) this.#terminal.write(cursor.show);
    this.#hidden = false;
    this.#drawn = [];
  }

  /** A narrower terminal has wrapped the lines that were drawn: each takes as many rows as its text needs now. */
  #erase(): string {
    const columns = Math.max(1, this.#terminal.columns);
    const rows = this.#drawn.reduce((sum, { plain }) => sum + Math.max(1, Math.ceil(widthOf(plain) / columns)), 0);
    this.#drawn = [];
    const reach = Math.min(rows, Math.max(0, this.#terminal.rows - 1));
    // Line by line: some terminals keep a screen that is cleared as a whole in their history.
    return up(reach) + `${clearLine}${csi}1B`.repeat(reach) + up(reach);
  }
}
