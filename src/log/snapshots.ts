/**
 * Snapshots of the state beside the log: a cache, any may be deleted at any time. One is used only when its bytes match
 * their checksum and the log has the same hash at its position (LO6).
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hexOf, sealOf, sha256 } from './chain.ts';
import { isDamage } from './damage.ts';
import type { Frame } from './frame.ts';
import { sealWithin } from './opening.ts';
import { pack } from './pack.ts';
import type { Snapshot } from './port.ts';
import { unpack } from './unpack.ts';

/** The newest one may have been written by a process that died of it. */
const kept = 2;

interface Header {
  readonly stateVersion: number;
  readonly position: number;
  readonly hash: string;
  readonly stateHash: string;
  /** Hex SHA-256 of the other fields and of the body. */
  readonly check: string;
}

const checkOf = (rest: Omit<Header, 'check'>, body: Buffer): string => {
  const { stateVersion, position, hash, stateHash } = rest;
  return hexOf(sha256(`${JSON.stringify([stateVersion, position, hash, stateHash])}${hexOf(sha256(body))}`));
};

export interface SnapshotFile {
  readonly name: string;
  readonly position: number;
}

/** Newest first. */
export async function listSnapshots(folder: string): Promise<SnapshotFile[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .flatMap((name) => (/^\d+\.snap$/.test(name) ? [{ name, position: Number(name.slice(0, -5)) }] : []))
    .sort((a, b) => b.position - a.position);
}

export async function writeSnapshot(folder: string, { state, ...rest }: Snapshot): Promise<void> {
  const body = pack(state);
  const header: Header = { ...rest, check: checkOf(rest, body) };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const half = join(folder, `.${rest.position}.${process.pid}.half`);
  await writeFile(half, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]), { mode: 0o600 });
  await rename(half, join(folder, `${rest.position}.snap`));
  for (const { name } of (await listSnapshots(folder)).slice(kept)) await rm(join(folder, name), { force: true });
}

/** The snapshot in a file; undefined when its bytes do not match their checksum. */
export async function readSnapshot(path: string): Promise<Snapshot | undefined> {
  try {
    const bytes = await readFile(path);
    const end = bytes.indexOf(10);
    const { check, ...rest } = JSON.parse(bytes.toString('utf8', 0, end)) as Header;
    const body = bytes.subarray(end + 1);
    if (checkOf(rest, body) !== check) return undefined;
    return { ...rest, state: unpack(body) };
  } catch {
    return undefined;
  }
}

export async function findSnapshot(
  folder: string,
  stateVersion: number,
  atMost: number,
  frameOf: (position: number) => Promise<Frame>,
): Promise<Snapshot | undefined> {
  for (const { name, position } of await listSnapshots(folder)) {
    if (position > atMost) continue;
    const snapshot = await readSnapshot(join(folder, name));
    if (snapshot === undefined || snapshot.stateVersion !== stateVersion || snapshot.position !== position) continue;
    const frame = await frameOf(position);
    try {
      if (sealWithin(frame, position) === sealOf(snapshot.hash)) return snapshot;
    } catch (error) {
      if (!isDamage(error)) throw error;
      // No batch ends at its position: it is not a snapshot of this log.
    }
  }
  return undefined;
}
