/** Reading stored frames in order, each checked against its checksum and against the one before it. */
import { genesis, type Seal } from './chain.ts';
import { damaged } from './damage.ts';
import { decodeFrame, type Frame, firstOf, frameKey, unfold } from './frame.ts';
import { fleetIdOf } from './sealed.ts';
import type { Store } from './store.ts';
import { reasonOf } from './store.ts';

/** Small frames are cheap to carry in numbers; large ones stop at the read-ahead below. */
const framesPerRead = 256;
const readAheadBytes = 2 ** 20;
/** Decoded events handed out at once: few enough that they are garbage before the collector has to move them. */
const eventsPerPage = 1024;

export interface Walk {
  /** First position wanted: the frame that holds it comes first. */
  readonly from: number;
  /** Last position wanted; every position up to it must be there. Infinity: as far as the log goes. */
  readonly to: number;
  /** The seal that the first frame must follow, when it starts at `from`. */
  readonly prev?: Seal;
}

const first = frameKey(0);

/** Key of the last frame that starts at or before a position. */
export async function seekFrame(store: Store, position: number): Promise<[Buffer, Buffer] | undefined> {
  const found = await store.iterator({ gte: first, lte: frameKey(position), reverse: true, limit: 1 }).all();
  return found[0];
}

export async function lastFrame(store: Store): Promise<Frame | undefined> {
  const found = await seekFrame(store, Number.MAX_SAFE_INTEGER);
  return found && decodeFrame(found[0], found[1]);
}

/** The frame that holds a position, or damage. */
export async function frameAt(store: Store, position: number): Promise<Frame> {
  const found = await seekFrame(store, position).catch((error: unknown) => {
    throw damaged(position, reasonOf(error), error);
  });
  if (found === undefined) throw damaged(position, 'the record that should hold this position is missing');
  const frame = decodeFrame(found[0], found[1], position);
  if (frame.last < position) throw damaged(frame.last + 1, 'the record that should hold this position is missing');
  return frame;
}

export async function* walk(store: Store, { from, to, prev }: Walk): AsyncGenerator<Frame[], void, void> {
  if (from > to) return;
  let expected = from;
  if (prev === undefined && from > 1) expected = (await frameAt(store, from)).first;
  let seal = prev;
  const iterator = store.iterator({
    gte: frameKey(expected),
    lte: frameKey(Math.min(to, Number.MAX_SAFE_INTEGER)),
    highWaterMarkBytes: readAheadBytes,
  });
  const read = (): Promise<[Buffer, Buffer][]> => iterator.nextv(framesPerRead);
  let ahead = read();
  try {
    for (;;) {
      const entries = await ahead.catch((error: unknown) => {
        throw damaged(expected, reasonOf(error), error);
      });
      if (entries.length === 0) break;
      // The next read runs beside the decoding of this one.
      ahead = read();
      ahead.catch(() => {});
      let frames: Frame[] = [];
      let events = 0;
      let trouble: unknown;
      for (const [key, value] of entries) {
        try {
          const frame = next(key, value, expected, seal);
          seal = frame.seal;
          expected = frame.last + 1;
          events += frame.rows.length;
          frames.push(frame);
        } catch (error) {
          trouble = error;
          break;
        }
        if (events < eventsPerPage) continue;
        yield frames;
        frames = [];
        events = 0;
      }
      // What is sound before the damage is handed out first: salvage lives from it.
      if (frames.length > 0) yield frames;
      if (trouble !== undefined) throw trouble;
    }
  } finally {
    await ahead.catch(() => {});
    await iterator.close();
  }
  if (to !== Number.POSITIVE_INFINITY && expected <= to)
    throw damaged(expected, `the log ends here, before position ${to}`);
}

/** Decodes the frame that must start at `expected` and follow `seal`. */
function next(key: Buffer, value: Buffer, expected: number, seal: Seal | undefined): Frame {
  const start = firstOf(key);
  if (start !== expected) {
    throw damaged(
      expected,
      start > expected ? `no record up to position ${start}` : `position ${start} is there twice`,
    );
  }
  const frame = decodeFrame(key, value, expected);
  const prev = start === 1 ? genesis(fleetIdOfFirst(frame)) : seal;
  if (prev !== undefined && frame.prev !== prev) throw damaged(expected, 'a record does not follow the one before it');
  return frame;
}

export function fleetIdOfFirst(frame: Frame): string {
  const page: Parameters<typeof unfold>[1] = [];
  unfold(frame, page, 1, 1);
  const fleetId = page[0] && fleetIdOf(page[0]);
  if (fleetId === undefined) throw damaged(1, 'the first event does not name its fleet');
  return fleetId;
}
