/**
 * The index of the log: the positions of each stream's events, and of the events that touch each agent. A checkpoint
 * stores them, one record per key, so that one stream or one agent is read without a scan.
 */
import { crc32 } from 'node:zlib';
import type { Envelope } from '../../events/envelope.ts';
import { damaged } from './damage.ts';
import { reasonOf, type Store } from './store.ts';

/** Index keys of an event beyond its stream, for example `agent/<id>`. */
export type Touches = (event: Envelope) => readonly string[];

export type Postings = Map<string, number[]>;

export interface Index {
  readonly streams: Postings;
  readonly touched: Postings;
}

export const newIndex = (): Index => ({ streams: new Map(), touched: new Map() });

/** Returns how many events of its stream are in the index now. */
export function addToIndex({ streams, touched }: Index, event: Envelope, touches: Touches): number {
  for (const key of touches(event)) add(touched, key, event.position);
  return add(streams, event.stream, event.position);
}

function add(postings: Postings, key: string, position: number): number {
  const list = postings.get(key);
  if (list === undefined) {
    postings.set(key, [position]);
    return 1;
  }
  // An event may name the same agent twice.
  if (list[list.length - 1] !== position) list.push(position);
  return list.length;
}

/** First letter of the records of streams, and of what touches agents (`histories.ts`). */
export type Prefix = 'x' | 'h';

/** `<prefix>/<key>/` and 8 bytes of the first position. */
export function indexKey(prefix: Prefix, key: string, first: number): Buffer {
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(key) + 11);
  const end = bytes.write(`${prefix}/${key}/`);
  bytes.writeUInt32BE(Math.floor(first / 2 ** 32), end);
  bytes.writeUInt32BE(first >>> 0, end + 4);
  return bytes;
}

export const keyOf = (bytes: Buffer): string => bytes.toString('utf8', 2, bytes.length - 9);

/** Every record of a prefix. */
export const rangeOf = (prefix: Prefix): { readonly gte: Buffer; readonly lt: Buffer } => ({
  gte: Buffer.from(`${prefix}/`),
  lt: Buffer.from(`${prefix}0`),
});

/** Positions as differences, seven bits a byte. */
export function packPositions(positions: readonly number[]): Buffer {
  // A position is below 2^53, eight times seven bits.
  const bytes = Buffer.allocUnsafe(positions.length * 8);
  let at = 0;
  let last = 0;
  for (const position of positions) {
    let delta = position - last;
    last = position;
    while (delta >= 128) {
      bytes[at++] = (delta % 128) + 128;
      delta = Math.floor(delta / 128);
    }
    bytes[at++] = delta;
  }
  return bytes.subarray(0, at);
}

export function unpackPositions(packed: Buffer): number[] {
  const positions: number[] = [];
  let last = 0;
  let factor = 1;
  for (const byte of packed) {
    last += (byte & 127) * factor;
    factor *= 128;
    if (byte >= 128) continue;
    factor = 1;
    positions.push(last);
  }
  return positions;
}

/** CRC-32 of key and body: there are as many records as keys, and it costs a tenth of a hash; it stops no forger. */
const checkBytes = 4;
const checkOf = (key: Buffer, body: Buffer): number => crc32(body, crc32(key));

/** A record of the index: a check of key and body, then the body. */
export function withCheck(key: Buffer, body: Buffer): Buffer {
  const record = Buffer.allocUnsafe(checkBytes + body.length);
  record.writeUInt32BE(checkOf(key, body));
  body.copy(record, checkBytes);
  return record;
}

/** The body of a record; undefined when it does not match its check. */
export function bodyOf(key: Buffer, value: Buffer): Buffer | undefined {
  if (value.length <= checkBytes) return undefined;
  const body = value.subarray(checkBytes);
  return value.readUInt32BE(0) === checkOf(key, body) ? body : undefined;
}

/** The stored records of one key up to a position, each with its body checked. */
export async function* records(
  store: Store,
  prefix: Prefix,
  key: string,
  upTo: number,
): AsyncGenerator<Buffer, void, void> {
  if (upTo === 0) return;
  const length = Buffer.byteLength(key) + 11;
  const iterator = store.iterator({
    gte: indexKey(prefix, key, 0),
    lte: indexKey(prefix, key, upTo),
    highWaterMarkBytes: 2 ** 18,
  });
  try {
    for (;;) {
      const entries = await iterator.nextv(256).catch((error: unknown) => {
        throw damaged(1, `the index of ${key} cannot be read: ${reasonOf(error)}`, error);
      });
      if (entries.length === 0) return;
      for (const [bytes, value] of entries) {
        // Another key may begin with this one.
        if (bytes.length !== length) continue;
        const body = bodyOf(bytes, value);
        if (body === undefined) throw damaged(firstOfKey(bytes), `the index of ${key} does not match its check`);
        yield body;
      }
    }
  } finally {
    await iterator.close();
  }
}

const firstOfKey = (bytes: Buffer): number =>
  bytes.readUInt32BE(bytes.length - 8) * 2 ** 32 + bytes.readUInt32BE(bytes.length - 4);

/** Stored positions of a stream up to the checkpoint they were stored at. */
export async function storedPositions(store: Store, stream: string, upTo: number): Promise<number[]> {
  const all: number[] = [];
  for await (const body of records(store, 'x', stream, upTo)) {
    for (const position of unpackPositions(body)) {
      if (position <= (all[all.length - 1] ?? 0)) throw damaged(position, `the index of ${stream} goes back here`);
      if (position <= upTo) all.push(position);
    }
  }
  return all;
}
