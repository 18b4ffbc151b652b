/** The file `secrets` beside the log (0600, never exported): one JSON line per value, synced before its name is given. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretStore } from '../engine/secrets.ts';
import { Failure } from '../failure.ts';

/** Without a value: it was forgotten, and its name is not given again. */
interface Line {
  readonly name: string;
  readonly value?: string;
}

function linesOf(path: string): Line[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  // A line that a crash cut was never named in the log.
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
}

/** Removes the value for good and gives it, if there was one; its name stays, so that it is not given to another. For logs at rest. */
export function forgetSecret(dir: string, name: string): string | undefined {
  const path = join(dir, 'secrets');
  const before = linesOf(path);
  const value = before.find((line) => line.name === name)?.value;
  if (value === undefined) return undefined;
  const lines = before.map((line) => (line.name === name ? { name } : line));
  const unfinished = `${path}.new`;
  writeFileSync(unfinished, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600, flush: true });
  renameSync(unfinished, path);
  return value;
}

export function secretsFile(dir: string): SecretStore {
  const path = join(dir, 'secrets');
  let names: Map<string, string> | undefined;
  let values = new Map<string, string>();
  let last = 0;
  const read = (): Map<string, string> => {
    if (names !== undefined) return names;
    const lines = linesOf(path);
    const kept = lines.filter((line): line is Required<Line> => line.value !== undefined);
    values = new Map(kept.map(({ name, value }) => [name, value]));
    names = new Map(kept.map(({ name, value }) => [value, name]));
    last = Math.max(0, ...lines.map(({ name }) => Number(name.slice(2))));
    return names;
  };
  const add = (line: Line): void => {
    try {
      const file = openSync(path, 'a', 0o600);
      try {
        writeSync(file, `${JSON.stringify(line)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw new Failure('HOLDFAST_LOG_WRITE_FAILED', `a secret could not be written to ${path}`, {
        remedy: 'make the folder writable and free some space, then `holdfast resume`',
        cause: error,
      });
    }
  };
  return {
    keep: (value) => {
      const known = read().get(value);
      if (known !== undefined) return known;
      last += 1;
      const name = `s-${last}`;
      add({ name, value });
      names!.set(value, name);
      values.set(name, value);
      return name;
    },
    value: (name) => {
      read();
      return values.get(name);
    },
  };
}
