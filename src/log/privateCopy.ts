/**
 * A private copy of the LevelDB folder to look at: LevelDB rewrites its files while it opens them, and looking must
 * never destroy evidence (LO4). Tables are never changed in place, so those that the manifest counts are hard-linked;
 * the rest is copied. A table that is just being made is not counted yet, and its number may be given to another one
 * when the copy is opened: were it linked, the owner's would be written over.
 */
import { constants, copyFileSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { nextFileNumber } from './manifest.ts';

export interface PrivateCopy {
  readonly path: string;
  remove(): void;
}

const prefix = '.look-';
const isTable = (name: string): boolean => /\.(ldb|sst)$/.test(name);
/** Notes for people and the lock itself: LevelDB does not read them back. */
const isAside = (name: string): boolean => name === 'LOCK' || name === 'LOG' || name === 'LOG.old';

let looks = 0;

/** A new folder inside `dir`, where hard links work; undefined when `dir` cannot be written. */
function folderBeside(dir: string): string | undefined {
  looks += 1;
  const path = join(dir, `${prefix}${process.pid}-${looks}`);
  try {
    mkdirSync(path, { mode: 0o700 });
    return path;
  } catch {
    return undefined;
  }
}

const folderElsewhere = (): string => mkdtempSync(join(tmpdir(), 'holdfast-look-'));

/** Folders of lookers that died. */
function removeStale(dir: string): void {
  for (const name of readdirSync(dir)) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    if (pid === process.pid || isRunning(pid)) continue;
    try {
      rmSync(join(dir, name), { recursive: true, force: true });
    } catch {
      // A folder that cannot be written keeps them; they are in nobody's way.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const copy = (from: string, to: string): void => copyFileSync(from, to, constants.COPYFILE_FICLONE);

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copy(from, to);
  }
}

/** Tables with lower numbers are not written again by whoever opens the copy in `path`. */
function settledBelow(path: string): number {
  try {
    const current = readFileSync(join(path, 'CURRENT'), 'utf8').trim();
    return nextFileNumber(readFileSync(join(path, current)));
  } catch {
    return 0;
  }
}

/** Attempts before a store that is being rewritten all the time counts as one that cannot be copied. */
const attemptsMax = 20;

/** `dir` is the folder of the log, `db` its LevelDB folder. Also right while an owner writes. */
export function privateCopy(dir: string, db: string): PrivateCopy {
  removeStale(dir);
  const beside = folderBeside(dir);
  if (beside === undefined) return copyInto(folderElsewhere(), db);
  try {
    return copyInto(beside, db);
  } catch (error) {
    // A full disk is no reason not to look.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    return copyInto(folderElsewhere(), db);
  }
}

function copyInto(path: string, db: string): PrivateCopy {
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  try {
    for (let attempt = 0; ; attempt++) {
      if (copyAll(db, path)) return { path, remove };
      if (attempt === attemptsMax) throw new Error(`${basename(db)} changes too fast to be copied`);
      for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
    }
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * Whether the copy is of one moment: LevelDB adds files and takes them away when it moves records from one to another,
 * and otherwise only appends. So a copy between two equal listings lacks nothing that was there when it began.
 */
function copyAll(db: string, to: string): boolean {
  const names = readdirSync(db).sort();
  const wanted = names.filter((name) => !isAside(name));
  try {
    for (const name of wanted) if (!isTable(name)) copy(join(db, name), join(to, name));
    const settled = settledBelow(to);
    for (const name of wanted.filter(isTable)) {
      const put = Number.parseInt(name, 10) < settled ? linkOrCopy : copy;
      put(join(db, name), join(to, name));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  return readdirSync(db).sort().join('/') === names.join('/');
}
