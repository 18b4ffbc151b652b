/** The files that a path names: one file, or all of a folder that may be rollouts, in an order that no file system decides. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { Failure } from '../failure.ts';

export interface FileFound {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
}

export function filesOf(path: string): readonly FileFound[] {
  if (!existsSync(path)) {
    throw new Failure('HOLDFAST_IMPORT_NO_FILE', `there is no ${path}`, {
      remedy: 'name a rollout, or a folder of rollouts',
      details: { path },
    });
  }
  const fileOf = (each: string): FileFound => ({ path: each, name: basename(each), bytes: statSync(each).size });
  if (!statSync(path).isDirectory()) return [fileOf(path)];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((each) => statSync(each, { throwIfNoEntry: false })?.isFile() === true)
    .map(fileOf)
    .sort((a, b) => compare(relative(path, a.path), relative(path, b.path)));
}

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
