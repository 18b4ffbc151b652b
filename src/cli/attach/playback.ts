/**
 * Plays the output of a process on a screen, from the beginning or from so far back that the screen is right: of a long
 * output only the end is played, in the modes that what was left out has set.
 */
import type { Output, Window } from '../../host/port.ts';
import { Screen } from './screen.ts';

/** So much is played byte by byte: about a quarter of a second. */
const playBytesMax = 8 * 2 ** 20;
/** Of more, the end; any program has filled its screen anew by then, or scrolled all of it away. */
const endBytes = 2 ** 20;
/** Before that end so much is searched for modes: what was set still earlier is not known. */
const searchBytes = 64 * 2 ** 20;
const readBytes = 2 ** 20;

/** What is watched: a process of a host, or what one has left on disk. */
export interface Source {
  readonly windows: readonly Window[];
  read(from: number, bytesMax: number): Promise<Output | undefined>;
}

export class Playback {
  readonly screen: Screen;
  readonly #source: Source;
  /** Pipes have no size of their own. */
  readonly #sized: boolean;
  #at = 0;
  /** Something was left out: what is on the screen may be incomplete until the program paints it again. */
  cut = false;

  constructor(
    source: Source,
    { tty, cols, rows }: { readonly tty: boolean; readonly cols: number; readonly rows: number },
  ) {
    this.#source = source;
    this.#sized = tty;
    const [first = { cols, rows }] = tty ? source.windows : [];
    this.screen = new Screen(first.cols, first.rows, !tty);
  }

  /** Bytes that are on the screen or were left out. */
  get at(): number {
    return this.#at;
  }

  /** Plays what there is by now, and not what comes meanwhile. */
  async catchUp(): Promise<void> {
    const size = (await this.#source.read(this.#at, 0))?.size ?? 0;
    while (this.#at < size && (await this.step()));
  }

  /** Plays a piece; false when there is none. */
  async step(): Promise<boolean> {
    const next = await this.#source.read(this.#at, readBytes);
    const is = next !== undefined && next.to > next.from;
    if (is && next.size - this.#at > playBytesMax) await this.#leap(next.size - endBytes);
    else if (is) await this.#play(next);
    this.#sizeAt(this.#at);
    return is;
  }

  async #leap(to: number): Promise<void> {
    const { modes } = this.screen;
    this.cut = true;
    for (let from = Math.max(this.#at, to - searchBytes); from < to; ) {
      const output = await this.#source.read(from, Math.min(readBytes, to - from));
      if (output === undefined || output.to === output.from) break;
      modes.skip(output.bytes);
      from = output.to;
    }
    this.#at = to;
    this.#sizeAt(to);
    await this.screen.write(`\u001b[2J\u001b[H${modes.prelude}`);
  }

  /** Piece by piece, each in the size that the terminal had then. */
  async #play({ bytes, to }: Output): Promise<void> {
    let at = to - bytes.length;
    for (const window of [...this.#source.windows, { at: to }]) {
      if (window.at <= at) continue;
      const end = Math.min(window.at, to);
      this.#sizeAt(at);
      await this.screen.write(bytes.subarray(at - (to - bytes.length), end - (to - bytes.length)));
      at = end;
      if (end === to) break;
    }
    this.#at = to;
  }

  #sizeAt(at: number): void {
    if (!this.#sized) return;
    const window = this.#source.windows.findLast((candidate) => candidate.at <= at);
    if (window !== undefined && (window.cols !== this.screen.cols || window.rows !== this.screen.rows))
      this.screen.resize(window.cols, window.rows);
  }
}
