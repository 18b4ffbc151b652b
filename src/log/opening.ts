/**
 * The check at opening (LO4): HEAD, the checkpoint, and everything after it. It reads a private copy; what it finds is
 * what the log goes on with.
 */
import type { Envelope } from '../../events/envelope.ts';
import { genesis, type Seal, Sealer } from './chain.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';
import { damaged, isDamage } from './damage.ts';
import { type Frame, textsOf, unfold } from './frame.ts';
import { fleetIdOfFirst, frameAt, lastFrame, walk } from './frames.ts';
import type { HeadMark } from './headSlots.ts';
import { refuseLoss } from './look.ts';
import type { Span } from './merging.ts';
import type { Touches } from './postings.ts';
import type { Tip } from './sealed.ts';
import { reasonOf, type Store } from './store.ts';
import { Tail } from './tail.ts';

export interface Opening {
  readonly tip: Tip;
  readonly fleetId: string | undefined;
  /** Position 0 when there is none yet. */
  readonly checkpoint: Checkpoint;
  /** The events after the checkpoint. */
  readonly tail: Tail;
  readonly spans: Span[];
}

const emptySeal: Seal = genesis('');
export const emptyTip: Tip = { position: 0, seal: emptySeal, at: 0, epoch: 0 };
const noCheckpoint: Checkpoint = { position: 0, seal: emptySeal, fleetId: '' };

export const emptyOpening = (): Opening => ({
  tip: emptyTip,
  fleetId: undefined,
  checkpoint: noCheckpoint,
  tail: new Tail(1),
  spans: [],
});

/** `head` is what HEAD says, read before the store was copied. */
export async function checkOpening(store: Store, head: HeadMark | 'none' | 'bad', touches: Touches): Promise<Opening> {
  const last = await lastFrame(store).catch((error: unknown) => {
    throw isDamage(error) ? error : damaged(1, reasonOf(error), error);
  });
  const stored = await readCheckpoint(store);
  if (last === undefined) {
    refuseLoss(head);
    if (stored !== 'none') throw damaged(1, 'there is a checkpoint, but the store holds no event');
    return emptyOpening();
  }
  const end = last.last + 1;
  if (typeof head === 'string') throw damaged(end, head === 'none' ? 'HEAD is missing' : 'HEAD is bad in both slots');
  if (stored === 'bad') throw damaged(end, 'the checkpoint does not match its checksum');
  const checkpoint = stored === 'none' ? noCheckpoint : stored;
  if (head.position > last.last)
    throw damaged(end, `the log ends here, before position ${head.position} that HEAD names`);
  if (checkpoint.position > last.last)
    throw damaged(end, `the log ends here, before its checkpoint at ${checkpoint.position}`);

  const tail = new Tail(checkpoint.position + 1);
  const spans: Span[] = [];
  let sealAtHead: Seal | undefined;
  let newest: Frame | undefined;
  const look = (frame: Frame): void => {
    if (sealAtHead === undefined && frame.first <= head.position && head.position <= frame.last)
      sealAtHead = sealWithin(frame, head.position);
    newest = frame;
  };
  if (checkpoint.position > 0) {
    const frame = await frameAt(store, checkpoint.position);
    if (frame.last !== checkpoint.position || frame.seal !== checkpoint.seal) {
      throw damaged(checkpoint.position, 'the checkpoint names another hash than the record there');
    }
    look(frame);
  }
  const from = checkpoint.position + 1;
  for await (const frames of walk(store, {
    from,
    to: last.last,
    prev: checkpoint.position > 0 ? checkpoint.seal : undefined,
  })) {
    for (const frame of frames) {
      look(frame);
      spans.push({ first: frame.first, count: frame.rows.length, epoch: frame.epoch });
      const events: Envelope[] = [];
      unfold(frame, events);
      tail.add(events, touches, textsOf(frame));
    }
  }
  const fleetId = checkpoint.position > 0 ? checkpoint.fleetId : fleetIdOfFirst(await frameAt(store, 1));
  if (head.position > 0) {
    // HEAD may be behind the checkpoint when the machine went down between two of its syncs.
    sealAtHead ??= sealWithin(await frameAt(store, head.position), head.position);
    if (sealAtHead !== head.seal) throw damaged(head.position, 'the hash is another one than HEAD names');
    if (head.fleetId !== fleetId) throw damaged(1, 'HEAD is that of another fleet');
  }
  const { seal, epoch, rows } = newest!;
  return {
    tip: { position: last.last, seal, at: rows[rows.length - 1]![4], epoch },
    fleetId,
    checkpoint,
    tail,
    spans,
  };
}

/** The seal after the batch that ends at a position; damage when none ends there. */
export function sealWithin(frame: Frame, position: number): Seal {
  if (frame.last === position) return frame.seal;
  const page: Envelope[] = [];
  unfold(frame, page);
  const sealer = new Sealer(frame.prev);
  let at = 0;
  for (const of of frame.sizes) {
    sealer.add(page, at, at + of);
    at += of;
    if (frame.first + at - 1 === position) return sealer.seal;
  }
  throw damaged(position, 'no batch ends at this position');
}
