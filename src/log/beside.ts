/** What lies beside the store: blobs, which the log needs, and snapshots and caches, which it can do without. */
import { forgetBlob, readBlob, writeBlobs } from './blobs.ts';
import { getCache, putCache } from './caches.ts';
import type { Folder } from './folder.ts';
import type { Frame } from './frame.ts';
import type { BlobContent, Snapshot } from './port.ts';
import { findSnapshot, writeSnapshot } from './snapshots.ts';

export interface Beside {
  /** Resolves when every blob is durable. */
  writeBlobs(blobs: readonly BlobContent[]): Promise<void>;
  readBlob(sha256: string): Promise<Uint8Array>;
  /** Removes its content for good. */
  forgetBlob(sha256: string): Promise<void>;
  writeSnapshot(snapshot: Snapshot): Promise<void>;
  /** The newest usable one of this stateVersion at or before `atMost`; `frameOf` gives the frame to hold its hash against. */
  findSnapshot(
    stateVersion: number,
    atMost: number,
    frameOf: (position: number) => Promise<Frame>,
  ): Promise<Snapshot | undefined>;
  putCache(name: string, content: Uint8Array): Promise<void>;
  getCache(name: string): Promise<Uint8Array | undefined>;
}

export const besideIn = ({ blobs, snapshots, caches }: Folder): Beside => ({
  writeBlobs: (contents) => writeBlobs(blobs, contents),
  readBlob: (sha256) => readBlob(blobs, sha256),
  forgetBlob: (sha256) => forgetBlob(blobs, sha256),
  writeSnapshot: (snapshot) => writeSnapshot(snapshots, snapshot),
  findSnapshot: (...args) => findSnapshot(snapshots, ...args),
  putCache: (name, content) => putCache(caches, name, content),
  getCache: (name) => getCache(caches, name),
});
