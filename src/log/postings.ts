/**
 * The index of the log: for each key (a stream, an agent) the positions of its events. Recent ones are in memory; a
 * checkpoint stores them, one record per key, so that one stream or one agent is read without a scan.
 */
import type { Envelope } from '../../events/envelope.ts';
import { sealBytes, sha256 } from './chain.ts';
import { damaged } from './damage.ts';
import type { Store } from './store.ts';
import { reasonOf } from './store.ts';

/** Index keys of an event beyond its stream, for example `agent/<id>`. */
export type Touches = (event: Envelope) => readonly string[];

export type Postings = Map<string, number[]>;

export function addPostings(postings: Postings, events: readonly Envelope[], touches: Touches): void {
  for (const event of events) {
    add(postings, event.stream, event.position);
    for (const key of touches(event)) add(postings, key, event.position);
  }
}

function add(postings: Postings, key: string, position: number): void {
  const list = postings.get(key);
  if (list === undefined) postings.set(key, [position]);
  // A key may be the stream and be touched as well: it is listed once.
  else if (list[list.length - 1] !== position) list.push(position);
}

export const postingPrefix = Buffer.from('x/');
export const postingEnd = Buffer.from('x0');

/** `x/<key>/` and 8 bytes of the first position. */
export function postingKey(key: string, first: number): Buffer {
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(key) + 11);
  const end = bytes.write(`x/${key}/`);
  bytes.writeUInt32BE(Math.floor(first / 2 ** 32), end);
  bytes.writeUInt32BE(first >>> 0, end + 4);
  return bytes;
}

export const keyOfPosting = (bytes: Buffer): string => bytes.toString('utf8', 2, bytes.length - 9);

/** SHA-256 of key and deltas, then the positions as differences, seven bits a byte. */
export function packPositions(key: Buffer, positions: readonly number[]): Buffer {
  const bytes: number[] = [];
  let last = 0;
  for (const position of positions) {
    let delta = position - last;
    last = position;
    while (delta >= 128) {
      bytes.push((delta % 128) + 128);
      delta = Math.floor(delta / 128);
    }
    bytes.push(delta);
  }
  const packed = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(checkOf(key, packed), 'latin1'), packed]);
}

/** A quarter of the hash finds damage as surely as all of it; it is not there to stop a forger. */
const checkBytes = sealBytes / 4;
const checkOf = (key: Buffer, packed: Buffer): string => sha256(Buffer.concat([key, packed])).slice(0, checkBytes);

/** The positions of a stored record; undefined when it does not match its checksum. */
export function unpackPositions(key: Buffer, value: Buffer): number[] | undefined {
  const packed = value.subarray(checkBytes);
  if (value.toString('latin1', 0, checkBytes) !== checkOf(key, packed)) return undefined;
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

/** Stored positions of one key up to the checkpoint they were stored at. */
export async function storedPositions(store: Store, key: string, upTo: number): Promise<number[]> {
  if (upTo === 0) return [];
  const length = Buffer.byteLength(key) + 11;
  const all: number[] = [];
  const entries = await store
    .iterator({ gte: postingKey(key, 0), lte: postingKey(key, upTo) })
    .all()
    .catch((error: unknown) => {
      throw damaged(1, `the index of ${key} cannot be read: ${reasonOf(error)}`, error);
    });
  for (const [bytes, value] of entries) {
    // Another key may begin with this one.
    if (bytes.length !== length) continue;
    const positions = unpackPositions(bytes, value);
    const first = positions?.[0];
    if (positions === undefined || first === undefined || first <= (all[all.length - 1] ?? 0)) {
      throw damaged((all[all.length - 1] ?? 0) + 1, `the index of ${key} is damaged`);
    }
    for (const position of positions) if (position <= upTo) all.push(position);
  }
  return all;
}
