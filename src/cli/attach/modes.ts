/**
 * Modes of a terminal as a program sets them with escape sequences: found in output that is not played, so that a screen
 * can begin in the middle, and kept while it is played, so that a person's own terminal sends the keys the program expects.
 */

/** DECSET modes that change what a terminal sends: cursor keys, mouse and its encodings, focus, bracketed paste. */
const inputModes: readonly number[] = [1, 9, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004];
const cursorMode = 25;

const esc = '\u001b';
const csi = `${esc}[`;

/** DECSET and DECRST, RIS, DECSTR, the scroll region, the keypad, the shape of the cursor. */
const sequences = /\u001b(?:\[\?([\d;]+)([hl])|(c)|\[!(p)|\[(\d*;?\d*)r|([=>])|\[(\d*) q)/g;

/** Longer than any of these sequences: so much is kept where output is cut. */
const sequenceLengthMax = 64;

export class Modes {
  #set = new Map<number, boolean>();
  #keypad = '>';
  #region = '';
  #shape = '';
  #rest = '';

  /** Output that is not played. */
  skip(bytes: Uint8Array): void {
    const text = this.#rest + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    let end = 0;
    for (const match of text.matchAll(sequences)) {
      end = match.index + match[0].length;
      const [, modes, to, ris, soft, region, keypad, shape] = match;
      if (modes !== undefined) for (const mode of modes.split(';')) this.#set.set(Number(mode), to === 'h');
      else if (ris !== undefined || soft !== undefined) this.reset();
      else if (region !== undefined) this.#region = region;
      else if (keypad !== undefined) this.#keypad = keypad;
      else this.#shape = shape ?? '';
    }
    this.#rest = text.slice(Math.max(end, text.length - sequenceLengthMax));
  }

  put(mode: number, on: boolean): void {
    this.#set.set(mode, on);
  }

  set keypad(to: '=' | '>') {
    this.#keypad = to;
  }

  set shape(to: string) {
    this.#shape = to;
  }

  reset(): void {
    this.#set = new Map();
    this.#keypad = '>';
    this.#region = '';
    this.#shape = '';
  }

  get cursorShown(): boolean {
    return this.#set.get(cursorMode) ?? true;
  }

  /** What brings a fresh terminal into all of these modes. */
  get prelude(): string {
    const modes = [...this.#set].map(([mode, on]) => `${csi}?${mode}${on ? 'h' : 'l'}`);
    return `${modes.join('')}${csi}${this.#region}r${esc}${this.#keypad}${csi}${this.#shape} q`;
  }

  /** What makes a person's terminal send what the program expects, from whatever it sent before. */
  get input(): string {
    const modes = inputModes.map((mode) => `${csi}?${mode}${this.#set.get(mode) === true ? 'h' : 'l'}`);
    return `${modes.join('')}${esc}${this.#keypad}${csi}${this.#shape} q`;
  }
}

/** As a terminal is before any program has asked for something. */
export const plainInput = new Modes().input;
