/** Large strings beside the log, named by their SHA-256 and synced before the batch that names them. */
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hexOf, sha256 } from './chain.ts';
import { damaged } from './damage.ts';
import type { BlobContent } from './port.ts';

/** Resolves when every blob is durable. One that is there already was synced when it came. */
export async function writeBlobs(folder: string, blobs: readonly BlobContent[]): Promise<void> {
  const fresh = new Map<string, Uint8Array>();
  for (const { sha256: name, content } of blobs) {
    if (!fresh.has(name) && !(await exists(join(folder, name)))) fresh.set(name, content);
  }
  if (fresh.size === 0) return;
  await Promise.all([...fresh].map(([name, content]) => writeSynced(join(folder, name), content)));
  await syncFolder(folder);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** The file appears under its name only when it is whole and durable. */
export async function writeSynced(path: string, content: Uint8Array): Promise<void> {
  const half = `${path}.${process.pid}.half`;
  try {
    const file = await open(half, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(half, path);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Throws damage at `namedBy`, the position of an event that names the blob (0: not known). */
export async function readBlob(folder: string, name: string, namedBy = 0): Promise<Uint8Array> {
  let content: Uint8Array;
  try {
    content = await readFile(join(folder, name));
  } catch (error) {
    throw damaged(namedBy, `the blob ${name} cannot be read`, error);
  }
  if (hexOf(sha256(content)) !== name) throw damaged(namedBy, `the blob ${name} does not match its name`);
  return content;
}
