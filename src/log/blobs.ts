/** Large strings beside the log, named by their SHA-256 and synced before the batch that names them. */
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
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

const tombOf = (folder: string, name: string): string => join(folder, `${name}.forgotten`);

/** Whether it was removed on purpose; the fact that says why is in the log. */
export const isForgotten = (folder: string, name: string): Promise<boolean> => exists(tombOf(folder, name));

/** Removes the content; durable when it resolves. What is left says that this was no accident. */
export async function forgetBlob(folder: string, name: string): Promise<void> {
  await writeSynced(tombOf(folder, name), new Uint8Array());
  await rm(join(folder, name), { force: true });
  await syncFolder(folder);
}

export const forgotten = (name: string): Failure =>
  new Failure('HOLDFAST_PAYLOAD_FORGOTTEN', `the blob ${name} was forgotten`, {
    remedy: '`holdfast log --type PayloadForgotten` says when, by whom and why; it cannot be brought back',
    details: { blob: name },
  });

export const isForgottenFailure = (error: unknown): boolean =>
  error instanceof Failure && error.code === 'HOLDFAST_PAYLOAD_FORGOTTEN';

/** Throws HOLDFAST_PAYLOAD_FORGOTTEN for one that was forgotten, damage at `namedBy`, the position of an event that names the blob (0: not known). */
export async function readBlob(folder: string, name: string, namedBy = 0): Promise<Uint8Array> {
  let content: Uint8Array;
  try {
    content = await readFile(join(folder, name));
  } catch (error) {
    if (await isForgotten(folder, name)) throw forgotten(name);
    throw damaged(namedBy, `the blob ${name} cannot be read`, error);
  }
  if (hexOf(sha256(content)) !== name) throw damaged(namedBy, `the blob ${name} does not match its name`);
  return content;
}
