/**
 * A store as the log knows it, on the disk of the world: writes land in order and whole, when they are synced. What
 * LevelDB does with a write-ahead record that a crash has torn is to drop it, so a torn group is one that is not there.
 */
import type { Entries, Store, StoreRange, Writes } from '../../log/store.ts';

type Entry = [key: Buffer, value: Buffer];
type Write = readonly [key: Buffer, value: Buffer | undefined];

/** What lies on the disk, in order of the keys. */
export class Platter {
  #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** Where a key is, or would be. */
  #at(key: Buffer): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Buffer.compare(this.#entries[middle]![0], key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get(key: Buffer): Buffer | undefined {
    const entry = this.#entries[this.#at(key)];
    return entry?.[0].equals(key) === true ? entry[1] : undefined;
  }

  write(writes: readonly Write[]): void {
    for (const [key, value] of writes) {
      const at = this.#at(key);
      const there = this.#entries[at]?.[0].equals(key) === true ? 1 : 0;
      this.#entries.splice(at, there, ...(value === undefined ? [] : [[key, value] satisfies Entry]));
    }
  }

  within({ gte, lt, lte, reverse, limit }: StoreRange): Entry[] {
    const from = gte === undefined ? 0 : this.#at(gte);
    let to = lt === undefined ? this.#entries.length : this.#at(lt);
    if (lte !== undefined) to = this.#at(lte) + (this.get(lte) === undefined ? 0 : 1);
    const found = this.#entries.slice(from, to);
    if (reverse === true) found.reverse();
    return limit === undefined ? found : found.slice(0, limit);
  }

  copy(): Platter {
    const copy = new Platter();
    copy.#entries = this.#entries.map(([key, value]) => [key, Buffer.from(value)]);
    return copy;
  }
}

/** `sync`: makes writes durable, in its own time. */
export class WorldStore implements Store {
  readonly #platter: Platter;
  readonly #sync: (writes: readonly Write[]) => Promise<void>;

  constructor(platter: Platter, sync: (writes: readonly Write[]) => Promise<void>) {
    this.#platter = platter;
    this.#sync = sync;
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    return this.#platter.get(key);
  }

  async getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]> {
    return keys.map((key) => this.#platter.get(key));
  }

  put(key: Buffer, value: Buffer): Promise<void> {
    return this.#sync([[key, value]]);
  }

  batch(): Writes {
    const writes: Write[] = [];
    return {
      put: (key, value) => writes.push([key, value]),
      del: (key) => writes.push([key, undefined]),
      write: () => this.#sync(writes),
    };
  }

  iterator(range: StoreRange): Entries {
    const left = this.#platter.within(range);
    const take = async (size: number) => left.splice(0, size);
    return { nextv: take, all: () => take(left.length), close: async () => {} };
  }

  async compactRange(): Promise<void> {}

  async close(): Promise<void> {}
}

/** A copy that is only looked at. */
export const readOnly = (platter: Platter): WorldStore => new WorldStore(platter, async () => {});
