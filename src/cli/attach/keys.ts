/** What somebody at an attached terminal presses: all of it is for the program, but for what follows `Ctrl-]`. */

export type Wish = 'leave' | 'take' | 'give' | 'help' | 'redraw';

export type Pressed = { readonly type: Uint8Array } | { readonly wish: Wish };

/** Ctrl-] */
const prefix = 0x1d;

const wishes: Readonly<Record<string, Wish>> = { d: 'leave', t: 'take', w: 'give', r: 'redraw' };

export const helpText =
  'Ctrl-] then: d leave · t take the keyboard · w only watch · r redraw · Ctrl-] sends Ctrl-] itself';

export class Keys {
  #prefixed = false;

  /** In order; keys for the program come together. */
  read(bytes: Uint8Array): Pressed[] {
    const pressed: Pressed[] = [];
    let from = 0;
    const flush = (to: number) => {
      if (to > from) pressed.push({ type: bytes.subarray(from, to) });
    };
    for (const [i, byte] of bytes.entries()) {
      if (this.#prefixed) {
        this.#prefixed = false;
        // Twice: the second one is for the program.
        from = byte === prefix ? i : i + 1;
        if (byte !== prefix) pressed.push({ wish: wishes[String.fromCharCode(byte)] ?? 'help' });
      } else if (byte === prefix) {
        flush(i);
        from = i + 1;
        this.#prefixed = true;
      }
    }
    flush(bytes.length);
    return pressed;
  }
}
