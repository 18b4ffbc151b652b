/**
 * A frame is the LevelDB record of one group commit: whole batches of one epoch. Its first 97 bytes carry the seals of
 * the event chain before and after it, so frames link to each other, and neighbours can be merged without touching
 * anything else.
 */
import type { Envelope } from '../../events/envelope.ts';
import { type Seal, sealBytes, sha256 } from './chain.ts';
import { damaged, newer } from './damage.ts';
import { pack } from './pack.ts';
import { unpack } from './unpack.ts';

export const frameVersion = 1;

// check ‖ version ‖ prev ‖ seal ‖ payload: the check covers all that follows it. Check and version keep their places in
// every future version, so that a newer frame is told from a damaged one.
const versionAt = sealBytes;
const prevAt = versionAt + 1;
const sealAt = prevAt + sealBytes;
const payloadAt = sealAt + sealBytes;

/** streamVersion, stream, type, v, at, by, cause, data; and the canonical text of data that does not survive packing. */
type Row = [number, string, string, number, number, string, number, unknown, string?];

/** First position, epoch, sizes of the batches, rows. */
type Payload = readonly [number, number, readonly number[], readonly Row[]];

export interface Frame {
  readonly first: number;
  readonly last: number;
  readonly epoch: number;
  /** Number of events of each batch. */
  readonly sizes: readonly number[];
  readonly rows: readonly Row[];
  readonly prev: Seal;
  readonly seal: Seal;
}

export function frameKey(first: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = 0x66;
  key.writeUInt32BE(Math.floor(first / 2 ** 32), 1);
  key.writeUInt32BE(first >>> 0, 5);
  return key;
}

export const firstOf = (key: Uint8Array): number => {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return bytes.readUInt32BE(1) * 2 ** 32 + bytes.readUInt32BE(5);
};

/** `text` is kept in the place of data that does not survive packing. */
export function rowOf(event: Envelope, text: string | undefined): Row {
  const { streamVersion, stream, type, v, at, by, cause, data } = event;
  return text === undefined
    ? [streamVersion, stream, type, v, at, by, cause, data]
    : [streamVersion, stream, type, v, at, by, cause, null, text];
}

export function encodeFrame(frame: Omit<Frame, 'last'>): Buffer {
  const payload: Payload = [frame.first, frame.epoch, frame.sizes, frame.rows];
  const packed = pack(payload);
  const bytes = Buffer.allocUnsafe(payloadAt + packed.length);
  bytes[versionAt] = frameVersion;
  bytes.write(frame.prev, prevAt, 'latin1');
  bytes.write(frame.seal, sealAt, 'latin1');
  packed.copy(bytes, payloadAt);
  bytes.write(sha256(bytes.subarray(versionAt)), 0, 'latin1');
  return bytes;
}

/** Opens a stored frame and checks it; `expected` is named when it cannot be vouched for. */
export function decodeFrame(key: Uint8Array, bytes: Buffer, expected = firstOf(key)): Frame {
  if (bytes.length <= payloadAt || bytes.toString('latin1', 0, versionAt) !== sha256(bytes.subarray(versionAt))) {
    throw damaged(expected, 'a stored frame does not match its checksum');
  }
  const version = bytes[versionAt]!;
  if (version > frameVersion) throw newer('a stored frame', version, frameVersion);
  let payload: Payload;
  try {
    payload = unpack(bytes.subarray(payloadAt)) as Payload;
  } catch (error) {
    throw damaged(expected, 'a stored frame cannot be decoded', error);
  }
  const [first, epoch, sizes, rows] = payload;
  if (first !== firstOf(key)) throw damaged(expected, `a frame of position ${first} lies in the place of another`);
  return {
    first,
    last: first + rows.length - 1,
    epoch,
    sizes,
    rows,
    prev: bytes.toString('latin1', prevAt, sealAt),
    seal: bytes.toString('latin1', sealAt, payloadAt),
  };
}

/** Appends the frame's events, from..to inclusive, to a page. */
export function unfold(frame: Frame, page: Envelope[], from = frame.first, to = frame.last): void {
  const { rows, sizes, epoch } = frame;
  let position = frame.first;
  let row = 0;
  for (const of of sizes) {
    const batch = position;
    for (let index = 0; index < of; index++, position++, row++) {
      if (position < from || position > to) continue;
      page.push(eventOf(rows[row]!, position, batch, index, of, epoch));
    }
  }
}

/** Texts of the frame's data that does not survive packing, by position. */
export function textsOf({ first, rows }: Frame): ReadonlyMap<number, string> | undefined {
  let texts: Map<number, string> | undefined;
  for (const [i, row] of rows.entries()) {
    if (row.length <= 8) continue;
    texts ??= new Map();
    texts.set(first + i, row[8]!);
  }
  return texts;
}

function eventOf(row: Row, position: number, batch: number, index: number, of: number, epoch: number): Envelope {
  return {
    position,
    batch,
    index,
    of,
    stream: row[1],
    streamVersion: row[0],
    type: row[2],
    v: row[3],
    at: row[4],
    epoch,
    by: row[5],
    cause: row[6],
    data: row.length > 8 ? JSON.parse(row[8]!) : row[7],
  };
}
