/**
 * Who owns a log: `owner.json` names the process by pid, start time and boot id, so that a dead owner, or a stranger
 * under its pid, never blocks (LO3). It also names the folder itself: in a copy of the folder it says nothing.
 */
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Failure } from '../failure.ts';
import { folderOf } from './folder.ts';

export interface Owner {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, clock ticks since boot; 0 where there is no /proc. */
  readonly startTime: number;
  readonly bootId: string;
  /** Device and inode of the log's folder. */
  readonly folder: string;
  readonly socket?: string;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const bootId = (): string => read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';

/** 0 when the process is gone, or where there is no /proc. */
function startTimeOf(pid: number): number {
  // The command's name is in parentheses and may hold anything; fields count on after the last one.
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined || fields[0] === 'Z' ? 0 : Number(fields[19]);
}

const identityOf = (dir: string): string => {
  const { dev, ino } = statSync(dir);
  return `${dev}:${ino}`;
};

function isAlive(owner: Owner): boolean {
  if (owner.bootId !== bootId()) return false;
  if (owner.startTime > 0) return startTimeOf(owner.pid) === owner.startTime;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function parse(text: string | undefined): Owner | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Owner;
  } catch {
    // It is linked in place whole: a torn one was left by a machine that went down.
    return undefined;
  }
}

/** The living owner of a log, if it has one. */
export function ownerOf(dir: string): Owner | undefined {
  const owner = parse(read(folderOf(dir).owner));
  return owner !== undefined && owner.folder === identityOf(dir) && isAlive(owner) ? owner : undefined;
}

export function locked(dir: string, owner: Owner | undefined): Failure {
  const who = owner === undefined ? 'another process' : `process ${owner.pid}`;
  const reach = owner?.socket === undefined ? '' : ` (reach it at ${owner.socket})`;
  return new Failure('HOLDFAST_LOG_LOCKED', `the log ${dir} is owned by ${who}${reach}`, {
    remedy: 'use the verbs that reach a running fleet, or stop its owner first',
    details: { dir, pid: owner?.pid, socket: owner?.socket },
    retryable: true,
  });
}

let claims = 0;

/** Makes this process the owner, or throws HOLDFAST_LOG_LOCKED. Returns the release. */
export function claim(dir: string, socket: string | undefined): () => void {
  const path = folderOf(dir).owner;
  const mine: Owner = {
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    bootId: bootId(),
    folder: identityOf(dir),
    socket,
  };
  const text = `${JSON.stringify(mine)}\n`;
  claims += 1;
  const half = `${path}.${process.pid}.${claims}`;
  writeFileSync(half, text, { mode: 0o600 });
  try {
    for (;;) {
      const owner = ownerOf(dir);
      if (owner !== undefined) throw locked(dir, owner);
      try {
        linkSync(half, path);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      // A dead owner's file goes aside by rename, so that of two that come at once only one takes it away.
      const aside = `${half}.dead`;
      try {
        renameSync(path, aside);
      } catch {
        continue;
      }
      const taken = parse(read(aside));
      if (taken !== undefined && taken.folder === mine.folder && isAlive(taken)) {
        // Somebody took the log over in between: it stays theirs.
        renameSync(aside, path);
        throw locked(dir, taken);
      }
      rmSync(aside, { force: true });
    }
  } finally {
    rmSync(half, { force: true });
  }
  return () => {
    if (read(path) === text) rmSync(path, { force: true });
  };
}
