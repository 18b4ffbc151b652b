/**
 * The log in memory, for simulations and tests: the same checks, the same group commit and the same hash chain as
 * `level.ts`, without timers. A storage that is passed again is a log that is opened again.
 */
import type { Envelope, Hashed } from '../../events/envelope.ts';
import { forgotten } from './blobs.ts';
import { genesis, hexOf, type Seal, sealOf } from './chain.ts';
import { Committer, type Sink } from './committer.ts';
import { damaged } from './damage.ts';
import { microtask } from './microtask.ts';
import type { Batch, BlobContent, Head, Log, Snapshot } from './port.ts';
import { addToIndex, type Index, newIndex, type Touches } from './postings.ts';
import type { Range } from './reader.ts';
import { headOf, type Sealed, type Tip } from './sealed.ts';

/** What a disk would hold. */
export interface MemoryStorage {
  readonly events: Envelope[];
  /** Seal of each batch, by position of its last event. */
  readonly seals: Map<number, Seal>;
  readonly index: Index;
  /** Events in the index: it is made when it is asked for. */
  indexed: number;
  readonly blobs: Map<string, Uint8Array>;
  readonly forgotten: Set<string>;
  readonly snapshots: Map<number, string>;
  readonly caches: Map<string, Uint8Array>;
  fleetId: string | undefined;
  /** The log that opened it last: an earlier one is a process that has died. */
  owner: unknown;
}

export const memoryStorage = (): MemoryStorage => ({
  events: [],
  seals: new Map(),
  index: newIndex(),
  indexed: 0,
  blobs: new Map(),
  forgotten: new Set(),
  snapshots: new Map(),
  caches: new Map(),
  fleetId: undefined,
  owner: undefined,
});

/** Stands in for the disk: called before each sync, which fails when it throws and waits for what it returns. */
export interface Gate {
  readonly beforeSync?: (events: number) => Promise<void> | void;
}

export interface MemoryOptions {
  readonly touches: Touches;
  readonly storage?: MemoryStorage;
  readonly gate?: Gate;
}

/** Events in a page of a read. */
const pageEvents = 1024;

class MemoryLog implements Log, Sink {
  readonly #storage: MemoryStorage;
  readonly #touches: Touches;
  readonly #gate: Gate;
  readonly #committer: Committer;

  constructor({ storage = memoryStorage(), touches, gate = {} }: MemoryOptions) {
    this.#storage = storage;
    this.#touches = touches;
    this.#gate = gate;
    storage.owner = this;
    const last = storage.events[storage.events.length - 1];
    const tip: Tip =
      last === undefined
        ? { position: 0, seal: genesis(''), at: 0, epoch: 0 }
        : { position: last.position, seal: storage.seals.get(last.position)!, at: last.at, epoch: last.epoch };
    this.#committer = new Committer(this, tip, storage.fleetId, microtask);
  }

  get fleetId(): string | undefined {
    return this.#committer.fleetId;
  }

  synced(): Head {
    return headOf(this.#committer.synced);
  }

  head(): Head {
    return headOf(this.#committer.tip);
  }

  append(batch: Batch): Promise<void> {
    return this.#committer.append(batch);
  }

  flush(): Promise<void> {
    return this.#committer.flush();
  }

  follow(listener: (events: readonly Envelope[]) => void): () => void {
    return this.#committer.follow(listener);
  }

  async write(sealed: readonly Sealed[], blobs: readonly BlobContent[]): Promise<void> {
    const waiting = this.#gate.beforeSync?.(sealed.reduce((sum, { events }) => sum + events.length, 0));
    if (waiting !== undefined) await waiting;
    const storage = this.#storage;
    if (storage.owner !== this) throw new Error('the storage has been opened by another log');
    for (const { sha256, content } of blobs) storage.blobs.set(sha256, content);
    for (const { first, sizes, seals, events } of sealed) {
      for (const event of events) storage.events.push(event);
      let last = first - 1;
      for (const [i, size] of sizes.entries()) {
        last += size;
        storage.seals.set(last, seals[i]!);
      }
    }
    storage.fleetId = this.#committer.fleetId;
  }

  written(): void {}

  async *read({
    from = 1,
    to = Number.POSITIVE_INFINITY,
  }: Range = {}): AsyncGenerator<readonly Envelope[], void, void> {
    const end = Math.min(to, this.#committer.synced.position);
    for (let at = Math.max(from, 1) - 1; at < end; at += pageEvents) {
      yield this.#storage.events.slice(at, Math.min(at + pageEvents, end));
    }
  }

  async *readHashed(range?: Range): AsyncGenerator<readonly Hashed[], void, void> {
    for await (const page of this.read(range)) {
      yield page.map((event) => {
        const seal = this.#storage.seals.get(event.position);
        return seal === undefined ? event : { ...event, hash: hexOf(seal) };
      });
    }
  }

  async *readStream(stream: string, range?: Range): AsyncGenerator<readonly Envelope[], void, void> {
    yield* this.#readKey('streams', stream, range);
  }

  readAgent(agentId: string, range?: Range): AsyncGenerator<readonly Envelope[], void, void> {
    return this.#readKey('touched', `agent/${agentId}`, range);
  }

  async *#readKey(
    part: keyof Index,
    key: string,
    { from = 1, to = Number.POSITIVE_INFINITY }: Range = {},
  ): AsyncGenerator<readonly Envelope[], void, void> {
    const end = Math.min(to, this.#committer.synced.position);
    const storage = this.#storage;
    for (; storage.indexed < storage.events.length; storage.indexed++) {
      addToIndex(storage.index, storage.events[storage.indexed]!, this.#touches);
    }
    const positions = (storage.index[part].get(key) ?? []).filter((position) => position >= from && position <= end);
    for (let at = 0; at < positions.length; at += pageEvents) {
      yield positions.slice(at, at + pageEvents).map((position) => this.#storage.events[position - 1]!);
    }
  }

  async blob(sha256: string): Promise<Uint8Array> {
    const content = this.#storage.blobs.get(sha256);
    if (content === undefined && this.#storage.forgotten.has(sha256)) throw forgotten(sha256);
    if (content === undefined) throw damaged(0, `the blob ${sha256} cannot be read`);
    return content;
  }

  async forget(sha256: string): Promise<void> {
    this.#storage.forgotten.add(sha256);
    this.#storage.blobs.delete(sha256);
  }

  async putSnapshot(snapshot: Snapshot): Promise<void> {
    // As text: a state that its owner goes on changing must not change in here.
    this.#storage.snapshots.set(snapshot.position, JSON.stringify(snapshot));
  }

  async snapshot(stateVersion: number, atMost = Number.POSITIVE_INFINITY): Promise<Snapshot | undefined> {
    const { snapshots, seals } = this.#storage;
    for (const position of [...snapshots.keys()].sort((a, b) => b - a)) {
      const snapshot = JSON.parse(snapshots.get(position)!) as Snapshot;
      if (position > Math.min(atMost, this.#committer.synced.position) || snapshot.stateVersion !== stateVersion)
        continue;
      if (seals.get(position) === sealOf(snapshot.hash)) return snapshot;
    }
    return undefined;
  }

  async putCache(name: string, content: Uint8Array): Promise<void> {
    this.#storage.caches.set(name, content.slice());
  }

  async getCache(name: string): Promise<Uint8Array | undefined> {
    return this.#storage.caches.get(name);
  }

  async close(): Promise<void> {
    await this.#committer.flush().catch(() => {});
  }
}

export function openMemoryLog(options: MemoryOptions): Log {
  return new MemoryLog(options);
}
