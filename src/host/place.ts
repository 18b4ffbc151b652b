/**
 * Where the host of a log is found: `<log>/host.json` names the socket, which lies beside it unless that path would be too
 * long for a socket, and the token that every connection must show. Both are readable by the owner only (PR11).
 */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { bootId, runs } from './procfs.ts';
import { writeWhole } from './records.ts';

export interface Place {
  readonly hostId: string;
  readonly pid: number;
  readonly startTime: number;
  readonly bootId: string;
  readonly socket: string;
  readonly token: string;
}

/** The system allows 108 bytes, less on other ones. */
const SOCKET_PATH_BYTES_MAX = 100;

const fileOf = (logDir: string) => join(logDir, 'host.json');

/** A path for the socket of a log's host or engine; its folder exists and, outside the log, is closed to others. */
export function socketPath(logDir: string, of: 'host' | 'engine' = 'host'): string {
  const near = join(logDir, `${of}.sock`);
  if (Buffer.byteLength(near) <= SOCKET_PATH_BYTES_MAX) return near;
  const name = `holdfast-${of}-${createHash('sha256').update(logDir).digest('hex').slice(0, 16)}.sock`;
  return join(runtimeFolder(), name);
}

function runtimeFolder(): string {
  const { uid } = userInfo();
  const given = process.env.XDG_RUNTIME_DIR;
  if (given && isPrivate(given, uid)) return given;
  // The temporary folder is shared: somebody else may have made this name first, to listen in our place.
  const folder = join(tmpdir(), `holdfast-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (isPrivate(folder, uid)) return folder;
  throw new Failure('HOLDFAST_HOST_FAILED', `${folder} is not a folder of ours alone`, {
    remedy: 'set XDG_RUNTIME_DIR to a folder of mode 0700 that is yours, or remove that one',
    details: { folder },
  });
}

function isPrivate(folder: string, uid: number): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === uid && (stat.mode & 0o077) === 0;
}

export function tellPlace(logDir: string, place: Place): void {
  writeWhole(fileOf(logDir), place);
}

/** The place of this log's host if that very process still runs. */
export function placeOf(logDir: string): Place | undefined {
  let place: Place;
  try {
    place = JSON.parse(readFileSync(fileOf(logDir), 'utf8')) as Place;
  } catch {
    return undefined;
  }
  return place.bootId === bootId() && runs(place.pid, place.startTime) ? place : undefined;
}

/** Takes back what `tellPlace` told, unless another host has taken over. */
export function leavePlace(logDir: string, place: Place): void {
  if (placeOf(logDir)?.hostId !== place.hostId) return;
  rmSync(fileOf(logDir), { force: true });
  rmSync(place.socket, { force: true });
}
