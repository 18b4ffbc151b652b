/** Compressed rollouts (`.jsonl.zst`: Codex packs old ones), unpacked beside nothing of anybody's for as long as an import reads them. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decompress } from 'fzstd';
import type { FileFound } from './folder.ts';
import type { Skipped } from './teller.ts';

/** Read at once. */
const chunkBytes = 2 ** 20;

const ending = /\.jsonl\.zst$/;

export class Unpacked {
  #dir: string | undefined;
  #count = 0;

  /** The file itself where it is not compressed; none, and why, where it cannot be unpacked to its end. */
  of(file: FileFound, skipped: Skipped[]): readonly FileFound[] {
    if (!ending.test(file.name)) return [file];
    this.#dir ??= mkdtempSync(join(tmpdir(), 'holdfast-import-'));
    this.#count += 1;
    const name = file.name.replace(/\.zst$/, '');
    const path = join(this.#dir, `${this.#count}-${name}`);
    try {
      return [{ path, name, bytes: unpack(file.path, path) }];
    } catch (error) {
      skipped.push({ path: file.path, reason: `compressed, and not whole: ${(error as Error).message}` });
      return [];
    }
  }

  remove(): void {
    if (this.#dir !== undefined) rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Bytes written. */
function unpack(from: string, to: string): number {
  const [source, target] = [openSync(from, 'r'), openSync(to, 'wx', 0o600)];
  try {
    let bytes = 0;
    const stream = new Decompress((part) => {
      bytes += writeSync(target, part);
    });
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const read = readSync(source, chunk);
      // A copy: the stream keeps what it cannot unpack yet.
      stream.push(Uint8Array.from(chunk.subarray(0, read)), read === 0);
      if (read === 0) return bytes;
    }
  } finally {
    closeSync(source);
    closeSync(target);
  }
}
