/** Blobs, snapshots and caches on the disk of the world. */
import type { Beside } from '../../log/beside.ts';
import { forgotten } from '../../log/blobs.ts';
import { sealOf } from '../../log/chain.ts';
import { damaged } from '../../log/damage.ts';
import { sealWithin } from '../../log/opening.ts';
import type { BlobContent, Snapshot } from '../../log/port.ts';
import type { Random } from '../random.ts';

export class WorldBeside {
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #forgotten = new Set<string>();
  readonly #snapshots = new Map<number, string>();
  readonly #caches = new Map<string, Uint8Array>();

  /** `sync`: makes something durable, in its own time. */
  of(sync: (apply: () => void) => Promise<void>): Beside {
    const keep = (blobs: readonly BlobContent[]) => () => {
      for (const { sha256, content } of blobs) this.#blobs.set(sha256, content);
    };
    return {
      writeBlobs: (blobs) => sync(keep(blobs)),
      readBlob: async (sha256) => {
        const content = this.#blobs.get(sha256);
        if (content === undefined && this.#forgotten.has(sha256)) throw forgotten(sha256);
        if (content === undefined) throw damaged(0, `the blob ${sha256} cannot be read`);
        return content;
      },
      forgetBlob: (sha256) =>
        sync(() => {
          this.#forgotten.add(sha256);
          this.#blobs.delete(sha256);
        }),
      writeSnapshot: async (snapshot) => {
        this.#snapshots.set(snapshot.position, JSON.stringify(snapshot));
      },
      findSnapshot: async (stateVersion, atMost, frameOf) => {
        for (const position of [...this.#snapshots.keys()].sort((a, b) => b - a)) {
          if (position > atMost) continue;
          const snapshot = JSON.parse(this.#snapshots.get(position)!) as Snapshot;
          if (snapshot.stateVersion !== stateVersion) continue;
          if (sealWithin(await frameOf(position), position) === sealOf(snapshot.hash)) return snapshot;
        }
        return undefined;
      },
      putCache: async (name, content) => {
        this.#caches.set(name, content.slice());
      },
      getCache: async (name) => this.#caches.get(name),
    };
  }

  /** What is a cache may be gone at any time. */
  lose(random: Random): void {
    for (const position of [...this.#snapshots.keys()]) if (random.chance(30)) this.#snapshots.delete(position);
    for (const name of [...this.#caches.keys()]) if (random.chance(30)) this.#caches.delete(name);
  }
}
