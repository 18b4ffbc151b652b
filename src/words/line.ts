/** Text from models, programs and files on one line of a terminal: nothing in it can move the cursor or change colours. */

/** Control characters, and those that turn the direction of writing around. */
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Line ends and tabs become spaces, other control characters a replacement sign. */
export const oneLine = (text: string): string =>
  text
    .replaceAll(/[\t\r\n\u2028\u2029 ]+/g, ' ')
    .replaceAll(unsafe, '\ufffd')
    .trim();

/** Marks that sit on the character before them, and joiners. */
const narrow = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

function columnsOf(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (narrow.test(character)) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

/** Columns that a text takes on a terminal; it must hold no control characters. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** At most `max` columns, with an ellipsis where something is left out. */
export function cut(text: string, max: number): string {
  if (max <= 0) return '';
  if (widthOf(text) <= max) return text;
  let width = 0;
  let kept = '';
  for (const character of text) {
    width += columnsOf(character);
    if (width > max - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** Columns as wide as their widest cell; the last one is not padded. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : pad(cell, widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** The part of an id that people copy: the last group of a UUID. `why` takes it for the whole. */
export const short = (id: string): string => id.slice(id.lastIndexOf('-') + 1);

/** When something happened, in UTC, so that logs of two machines read alike. */
export const moment = (at: number): string => new Date(at).toISOString().replace('T', ' ').slice(0, -1);
