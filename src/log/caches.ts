/** Caches of any bytes beside the log, by name, each with its own checksum. They may be lost at any time. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sealBytes, sha256 } from './chain.ts';

/** Any text is a name; the file's name is made of safe characters. */
const fileOf = (folder: string, name: string): string => join(folder, encodeURIComponent(name).replaceAll('.', '%2E'));

let writes = 0;

export async function putCache(folder: string, name: string, content: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  writes += 1;
  const half = `${fileOf(folder, name)}.${process.pid}.${writes}.half`;
  await writeFile(half, Buffer.concat([Buffer.from(sha256(content), 'latin1'), content]), { mode: 0o600 });
  await rename(half, fileOf(folder, name));
}

export async function getCache(folder: string, name: string): Promise<Uint8Array | undefined> {
  const bytes = await readFile(fileOf(folder, name)).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const content = bytes.subarray(sealBytes);
  return bytes.toString('latin1', 0, sealBytes) === sha256(content) ? content : undefined;
}
