/**
 * Checks before a launch. A terminal child that cannot be executed just ends with code 1, so folder and program are
 * looked up first, with the texts that the system itself would use.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, resolve } from 'node:path';
import type { Launch } from './running.ts';

/** Why it cannot be launched; undefined if nothing speaks against it. */
export async function launchTrouble({ argv, cwd, env }: Launch): Promise<string | undefined> {
  const [name] = argv;
  if (!name) return 'argv must not be empty';
  if ([...argv, cwd, ...Object.entries(env).flat()].some((text) => text.includes('\0'))) {
    return 'arguments, folder and environment must not hold NUL bytes';
  }
  const folder = await stat(cwd).catch(() => undefined);
  if (!folder) return `ENOENT: no such folder: ${cwd}`;
  if (!folder.isDirectory()) return `ENOTDIR: not a folder: ${cwd}`;
  const places = name.includes('/') ? [''] : (env.PATH ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter);
  let trouble = `ENOENT: program not found: ${name}`;
  for (const place of places) {
    const path = resolve(cwd, place, name);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) continue;
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return undefined;
    trouble = `EACCES: not executable: ${path}`;
  }
  return trouble;
}
