/** The file `secrets` beside the log (0600, never exported): one JSON line per value, synced before its name is given. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { syncFolderNow } from './folder.ts';
import type { SecretStore } from './port.ts';

/** Without a value: it was forgotten, and its name is not given again. */
interface Line {
  readonly name: string;
  readonly value?: string;
}

/** Where the lines lie: a file, or a disk of the simulated world. */
export interface SecretLines {
  read(): string;
  /** Durable when it returns. */
  append(text: string): void;
}

const linesOf = (text: string): Line[] =>
  // A line that a crash cut was never named in the log.
  text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });

function textIn(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Removes the value for good and gives it, if there was one; its name stays, so that it is not given to another. For logs at rest. */
export function forgetSecret(dir: string, name: string): string | undefined {
  const path = join(dir, 'secrets');
  const before = linesOf(textIn(path));
  const value = before.find((line) => line.name === name)?.value;
  if (value === undefined) return undefined;
  const lines = before.map((line) => (line.name === name ? { name } : line));
  const unfinished = `${path}.new`;
  writeFileSync(unfinished, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600, flush: true });
  renameSync(unfinished, path);
  syncFolderNow(dir);
  return value;
}

export function secretsIn(lines: SecretLines): SecretStore {
  let names: Map<string, string> | undefined;
  let values = new Map<string, string>();
  let last = 0;
  /** What a crash has left of a line must not swallow the next one. */
  let cut = false;
  const known = (): Map<string, string> => {
    if (names !== undefined) return names;
    const text = lines.read();
    const found = linesOf(text);
    cut = text !== '' && !text.endsWith('\n');
    const kept = found.filter((line): line is Required<Line> => line.value !== undefined);
    values = new Map(kept.map(({ name, value }) => [name, value]));
    names = new Map(kept.map(({ name, value }) => [value, name]));
    last = Math.max(0, ...found.map(({ name }) => Number(name.slice(2))));
    return names;
  };
  return {
    keep: (value, above) => {
      const before = known().get(value);
      if (before !== undefined) return before;
      last = Math.max(last, above) + 1;
      const name = `s-${last}`;
      lines.append(`${cut ? '\n' : ''}${JSON.stringify({ name, value })}\n`);
      cut = false;
      names!.set(value, name);
      values.set(name, value);
      return name;
    },
    value: (name) => {
      known();
      return values.get(name);
    },
  };
}

export function secretsFile(dir: string): SecretStore {
  const path = join(dir, 'secrets');
  return secretsIn({
    read: () => textIn(path),
    append: (text) => {
      try {
        const fresh = !existsSync(path);
        const file = openSync(path, 'a', 0o600);
        try {
          writeSync(file, text);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        if (fresh) syncFolderNow(dir);
      } catch (error) {
        throw new Failure('HOLDFAST_LOG_WRITE_FAILED', `a secret could not be written to ${path}`, {
          remedy: 'make the folder writable and free some space, then `holdfast resume`',
          cause: error,
        });
      }
    },
  });
}
