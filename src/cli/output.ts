/** What a verb says on stdout, as text, as one JSON document or as lines of JSON; errors in the same three forms on stderr. */
import { writeSync } from 'node:fs';
import colors from 'picocolors';
import type { Failure } from '../failure.ts';
import { oneLine } from '../words/line.ts';

export const formats = ['text', 'json', 'jsonl'] as const;
export type Format = (typeof formats)[number];

export interface Output {
  readonly format: Format;
  readonly isTerminal: boolean;
  readonly colors: ReturnType<typeof colors.createColors>;
  /** Lines as they are. Resolves when there is room for more: who writes many waits for a slow reader. */
  lines(lines: readonly string[]): Promise<void>;
  /** `value` in json; in jsonl too, an array with one line per member; in text what `text` gives. */
  show(value: unknown, text: () => readonly string[]): Promise<void>;
}

export function outputOf(format: Format): Output {
  const isTerminal = process.stdout.isTTY === true;
  const lines = async (list: readonly string[]): Promise<void> => {
    if (list.length > 0 && !process.stdout.write(`${list.join('\n')}\n`)) await drained();
  };
  return {
    format,
    isTerminal,
    colors: colors.createColors(isTerminal && format === 'text' && colors.isColorSupported),
    lines,
    show: (value, text) => {
      if (format === 'text') return lines(text());
      if (format === 'json') return lines([JSON.stringify(value, null, 2)]);
      return lines((Array.isArray(value) ? value : [value]).map((member) => JSON.stringify(member)));
    },
  };
}

/** Room for more on stdout, or nobody reads it any more. */
const drained = (): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      process.stdout.off('drain', done).off('close', done);
      resolve();
    };
    if (process.stdout.destroyed) resolve();
    else process.stdout.on('drain', done).on('close', done);
  });

/** Everything written so far is out: the end of a process would cut it off. */
export async function flushed(): Promise<void> {
  if (process.stdout.writableLength > 0 && process.stdout.writableNeedDrain) await drained();
  if (process.stdout.writableLength > 0 && !process.stdout.destroyed)
    await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
}

/** `CODE  sentence` and a remedy line, or `{"error": …}`; on stderr, written before the process can end. */
export function tellFailure(failure: Failure, format: Format): void {
  const { code, message, remedy, details } = failure;
  const text =
    format === 'text'
      ? `${code}  ${oneLine(message)}\n${remedy === undefined ? '' : `remedy: ${oneLine(remedy)}\n`}`
      : `${JSON.stringify({ error: { code, message, ...(remedy !== undefined && { remedy }), details } })}\n`;
  tell(text);
}

/** For people, beside the output: on stderr. */
export function tell(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // Nobody is there to read it.
  }
}
