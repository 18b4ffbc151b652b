/**
 * The history of an agent, stored together: a checkpoint writes the events since the last one once more, by the agent
 * they touch. So an agent of a thousand events in a log of millions is loaded by one short scan.
 * They are an index, not the record: frames decide, `verify` holds these against them.
 */
import type { Envelope } from '../../events/envelope.ts';
import { pack } from './pack.ts';
import { packPositions, unpackPositions } from './postings.ts';
import { unpack } from './unpack.ts';

/** Events with more text than this are left where they are, and read from their frame. */
const textMax = 4096;

/** What is left of `left` after the text in a value; negative when it is too much. */
function room(value: unknown, left: number): number {
  if (typeof value === 'string') return left - value.length;
  if (typeof value !== 'object' || value === null) return left - 8;
  let rest = left;
  for (const key in value) {
    if (rest < 0) return rest;
    rest = room((value as Record<string, unknown>)[key], rest - key.length);
  }
  return rest;
}

/** A frame of the log is read as quickly as copies of so many of its events. */
const runMin = 16;

/** Whether an event is worth a copy: what a cell does comes in long runs, the other events of an agent lie far apart. */
export const isCopied = ({ stream, of, data }: Envelope): boolean =>
  !(of >= runMin && stream.startsWith('cell/')) && room(data, textMax) >= 0;

/** batch, index, of, epoch, streamVersion, stream, type, v, at, by, cause, data; null: read it from its frame. */
type Row = [number, number, number, number, number, string, string, number, number, string, number, unknown] | null;

export interface History {
  readonly positions: readonly number[];
  /** As many as positions. */
  readonly events: readonly (Envelope | undefined)[];
}

/** Length of the packed positions, these, and the rows. */
export function packHistory({ positions, events }: History): Buffer {
  const packed = packPositions(positions);
  const rows = events.map((e): Row => {
    if (e === undefined) return null;
    return [e.batch, e.index, e.of, e.epoch, e.streamVersion, e.stream, e.type, e.v, e.at, e.by, e.cause, e.data];
  });
  const body = pack(rows);
  const bytes = Buffer.allocUnsafe(4 + packed.length + body.length);
  bytes.writeUInt32BE(packed.length);
  packed.copy(bytes, 4);
  body.copy(bytes, 4 + packed.length);
  return bytes;
}

export function positionsOf(body: Buffer): number[] {
  return unpackPositions(body.subarray(4, 4 + body.readUInt32BE(0)));
}

export function eventsOf(body: Buffer, positions: readonly number[]): (Envelope | undefined)[] {
  const rows = unpack(body.subarray(4 + body.readUInt32BE(0))) as Row[];
  return positions.map((position, i) => {
    const row = rows[i];
    if (row === null || row === undefined) return undefined;
    const [batch, index, of, epoch, streamVersion, stream, type, v, at, by, cause, data] = row;
    return { position, batch, index, of, stream, streamVersion, type, v, at, epoch, by, cause, data };
  });
}
