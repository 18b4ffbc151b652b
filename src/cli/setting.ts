/** What every verb gets: the log it is about and how to speak; and the way from a verb's body to commander's action. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { type Format, formats, type Output, outputOf } from './output.ts';

export interface Setting {
  /** Folder of the log, as it was given. */
  readonly dir: string;
  /** Whether `--log` named it. */
  readonly given: boolean;
  readonly out: Output;
}

/** Each verb adds its command to the program. */
export type Verb = (program: Command) => void;

interface Common {
  readonly log?: string;
  readonly output: Format;
}

export const logDefault = '.holdfast';

export const commonOptions = (): Option[] => [
  new Option('--log <dir>', 'folder of the log (default: $HOLDFAST_LOG, else .holdfast)'),
  new Option('-o, --output <format>', 'text, json or jsonl').choices(formats).default('text'),
];

/** `body` gives the exit code as a number, anything else for 0. Arguments come as commander has them, then the options. */
export const acting =
  <A extends readonly unknown[]>(body: (setting: Setting, ...args: A) => Promise<unknown>) =>
  async (...given: unknown[]): Promise<void> => {
    const command = given[given.length - 1] as Command;
    const { log, output } = command.optsWithGlobals<Common>();
    const dir = log ?? (process.env.HOLDFAST_LOG || logDefault);
    const args = given.slice(0, -1) as unknown as A;
    const code = await body({ dir, given: log !== undefined, out: outputOf(output) }, ...args);
    process.exitCode = typeof code === 'number' ? code : 0;
  };

/** An option or argument that is a whole number from `min` on. */
export const whole =
  (min = 0) =>
  (text: string): number => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < min)
      throw new InvalidArgumentError(`a whole number from ${min} on is needed.`);
    return number;
  };

/** An option that is a port to listen on; 0 for any. */
export const port = (text: string): number => {
  const number = whole(0)(text);
  if (number > 65_535) throw new InvalidArgumentError('a port is at most 65535.');
  return number;
};

export const isWebAddress = (text: string): boolean => /^https?:\/\//.test(text) && URL.canParse(text);

/** An option that is the address of a server. */
export const webAddress = (text: string): string => {
  if (!isWebAddress(text)) throw new InvalidArgumentError('an address that begins with http:// or https:// is needed.');
  return text;
};

/** A help text's examples. */
export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ holdfast ${line}`).join('\n')}\n`;

const quoted = (text: string): string => (/^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** A command line that works when it is copied: the program as it was called, and the log where it is not the usual one. */
export function commandLine(dir: string, ...words: readonly string[]): string {
  const called = process.argv[1] ?? 'holdfast';
  const program = /\.[cm]?[jt]s$/.test(called) ? ['node', relativeTo(process.cwd(), called)] : ['holdfast'];
  const log = dir === (process.env.HOLDFAST_LOG || logDefault) ? [] : ['--log', dir];
  return [...program, ...words, ...log].map(quoted).join(' ');
}

const relativeTo = (folder: string, path: string): string =>
  path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
