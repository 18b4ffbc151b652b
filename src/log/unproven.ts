/**
 * What stands behind the first damage of a log and can still be read. Each record has a checksum of its own, so it is
 * what was once written; that it belongs where it stands, nothing proves any more.
 */
import type { Envelope } from '../../events/envelope.ts';
import { decodeFrame, type Frame, firstOf, frameKey, unfold } from './frame.ts';
import type { Store } from './store.ts';

const framesPerRead = 64;

/** Events of sound records from `from` on, with what is missing between them left out. */
export async function* unprovenFrom(store: Store, from: number): AsyncGenerator<Envelope[], void, void> {
  const iterator = store.iterator({ gte: frameKey(0), lte: frameKey(Number.MAX_SAFE_INTEGER) });
  try {
    for (;;) {
      // A block of the store that cannot be read hides what is in it and behind it.
      const entries = await iterator.nextv(framesPerRead).catch(() => []);
      if (entries.length === 0) return;
      for (const [key, value] of entries) {
        const events = eventsOf(key, value).filter(({ position }) => position >= from);
        if (events.length > 0) yield events;
      }
    }
  } finally {
    await iterator.close();
  }
}

function eventsOf(key: Buffer, value: Buffer): Envelope[] {
  const events: Envelope[] = [];
  try {
    const frame: Frame = decodeFrame(key, value, firstOf(key));
    unfold(frame, events);
  } catch {
    return [];
  }
  return events;
}
