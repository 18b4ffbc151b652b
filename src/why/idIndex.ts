/**
 * Where the ids that people ask about first stand in a log: an array of hashes and positions, kept beside the log as a
 * cache. It is made when it is first asked, and read on from where it ends; what it finds is read from the log itself.
 */
import { crc32 } from 'node:zlib';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { Envelope } from '../../events/envelope.ts';
import { getCache, putCache } from '../log/caches.ts';
import { hashAt } from '../log/hashAt.ts';
import type { LogReader } from '../log/port.ts';

const cacheName = 'ids';

/** Before the entries: chain hash (hex) and position of the last event covered. */
const headerBytes = 64 + 8;
/** A key and a position: room for four thousand million events. */
const entryBytes = 2 * Uint32Array.BYTES_PER_ELEMENT;

/** What stands for the newest refusal. */
export const lastRefusal = 'last';

/** The last group of an id is what lines for people show of it. */
const keyOf = (id: string): number => crc32(id.slice(id.lastIndexOf('-') + 1));

function idsOf(event: Envelope): readonly string[] {
  const said = event as HoldfastEvent;
  switch (said.type) {
    case 'MailAccepted':
      return [said.data.mailId];
    case 'SlotReserved':
      return [said.data.reservationId];
    case 'SlotRefused':
    case 'LimitRefused':
      return [said.data.refusalId, lastRefusal];
    default:
      return [];
  }
}

export class IdIndex {
  /** One entry each, in the order of the log. */
  #keys = new Uint32Array();
  #positions = new Uint32Array();
  #upTo = 0;

  private constructor() {}

  /** Of all that the log holds now. `caches`: the folder in which it is kept. */
  static async of(log: LogReader, caches: string): Promise<IdIndex> {
    const index = new IdIndex();
    const { position, hash } = log.synced();
    await index.#take(log, await getCache(caches, cacheName));
    if (index.#upTo === position) return index;
    await index.#readOn(log, position);
    // Where it cannot be written, it is made again.
    await putCache(caches, cacheName, index.#content(hash)).catch(() => {});
    return index;
  }

  /** Positions at which an id, or one with the same hash, first stands; the newest first. */
  positionsOf(id: string): number[] {
    const key = keyOf(id);
    const found: number[] = [];
    for (let at = this.#keys.length - 1; at >= 0; at--) if (this.#keys[at] === key) found.push(this.#positions[at]!);
    return found;
  }

  async #readOn(log: LogReader, to: number): Promise<void> {
    const [keys, positions] = [[...this.#keys], [...this.#positions]];
    for await (const page of log.read({ from: this.#upTo + 1, to }))
      for (const event of page)
        for (const id of idsOf(event)) {
          keys.push(keyOf(id));
          positions.push(event.position);
        }
    this.#keys = Uint32Array.from(keys);
    this.#positions = Uint32Array.from(positions);
    this.#upTo = to;
  }

  /** What was kept counts only when it is of this log, as the chain hash at its end tells. */
  async #take(log: LogReader, kept: Uint8Array | undefined): Promise<void> {
    if (kept === undefined || kept.length < headerBytes) return;
    const bytes = Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength);
    const upTo = bytes.readDoubleBE(64);
    const count = (bytes.length - headerBytes) / entryBytes;
    if (!Number.isInteger(count) || (await hashAt(log, upTo)) !== bytes.toString('latin1', 0, 64)) return;
    // A copy: what numbers are read from in place has to lie at a multiple of their size.
    const numbers = new Uint32Array(Uint8Array.from(bytes.subarray(headerBytes)).buffer);
    this.#positions = numbers.subarray(0, count);
    this.#keys = numbers.subarray(count);
    this.#upTo = upTo;
  }

  #content(hash: string): Buffer {
    const header = Buffer.alloc(headerBytes, hash, 'latin1');
    header.writeDoubleBE(this.#upTo, 64);
    return Buffer.concat([
      header,
      ...[this.#positions, this.#keys].map((n) => Buffer.from(n.buffer, n.byteOffset, n.byteLength)),
    ]);
  }
}
