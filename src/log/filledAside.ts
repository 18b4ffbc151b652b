/**
 * A log that is made of another one (`import`, `salvage`): it is written aside in its folder and moved up when it is whole,
 * `HEAD` last. So half of it never passes for a log, whatever kills us: before HEAD is there, what lies there is damaged.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolderNow } from './folder.ts';
import { locked, ownerOf } from './owner.ts';

const aside = '.half';

/** What a run that died has left does not count. */
export const isUnused = (dir: string): boolean => !existsSync(dir) || readdirSync(dir).every((name) => name === aside);

/** `dir` is unused; it is made when something is put into the folder that `fill` is given, which does not exist yet. */
export async function filledAside<T>(dir: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const made = mkdirSync(dir, { recursive: true, mode: 0o700 });
  const folder = join(dir, aside);
  const owner = existsSync(folder) ? ownerOf(folder) : undefined;
  if (owner !== undefined) throw locked(dir, owner);
  rmSync(folder, { recursive: true, force: true });
  try {
    const filled = await fill(folder);
    if (existsSync(folder)) moveUp(folder, dir);
    return filled;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    if (made !== undefined && readdirSync(dir).length === 0) rmdirSync(dir);
  }
}

function moveUp(folder: string, dir: string): void {
  const names = readdirSync(folder);
  for (const name of names.filter((each) => each !== 'HEAD')) renameSync(join(folder, name), join(dir, name));
  syncFolderNow(dir);
  if (names.includes('HEAD')) renameSync(join(folder, 'HEAD'), join(dir, 'HEAD'));
  syncFolderNow(dir);
}
