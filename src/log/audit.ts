/**
 * The full check of stored frames, one after the other: the event chain is recomputed from canonical bytes, and every
 * count must be dense (I1). `verify` names what it finds; `salvage` stops before it.
 */
import type { Envelope } from '../../events/envelope.ts';
import { genesis, type Seal, Sealer, type Watch } from './chain.ts';
import { damaged } from './damage.ts';
import { type Frame, unfold } from './frame.ts';
import { fleetIdOfFirst } from './frames.ts';
import { addToIndex, newIndex, type Touches } from './postings.ts';

/** A blob that an event names: `{"blob": <sha256 hex>, "bytes": n}` anywhere in its data. */
export interface Named {
  readonly sha256: string;
  readonly bytes: number;
  /** Position of the event. */
  readonly position: number;
}

/** Is told of every event in order, with its canonical text, before anything about it is certain. */
export type Sees = (position: number, text: string) => void;

export class Auditor {
  position = 0;
  at = 0;
  epoch = 0;
  seal: Seal = genesis('');
  /** Check of every event so far, when asked for: copies of events are held against it. */
  readonly checks: number[] | undefined;
  /** Seal of each batch of the frame checked last. */
  seals: Seal[] = [];
  /** Blobs named by the frame checked last. */
  named: Named[] = [];
  /** Positions by stream and by what events touch: the index as it should be. */
  readonly index = newIndex();
  readonly #touches: Touches;
  readonly #sees: Sees | undefined;

  readonly #watch: Watch = (event, text, data, hash) => {
    this.#sees?.(event.position, text);
    this.checks?.push(checkOf(hash));
    if (data?.text.includes('"blob":"') === true) collect(event.data, event.position, this.named);
  };

  constructor(touches: Touches, keepChecks = false, sees?: Sees) {
    this.#touches = touches;
    this.#sees = sees;
    this.checks = keepChecks ? [] : undefined;
  }

  /** Checks a frame against all before it and returns its events. Throws damage at the first bad position. */
  check(frame: Frame): Envelope[] {
    const { first, prev, seal, sizes, rows, epoch } = frame;
    if (first !== this.position + 1) throw damaged(this.position + 1, 'a record is missing');
    if (first === 1) this.seal = genesis(fleetIdOfFirst(frame));
    if (prev !== this.seal) throw damaged(first, 'a record does not follow the one before it');
    const events: Envelope[] = [];
    unfold(frame, events);
    if (events.length !== rows.length || rows.length === 0 || sizes.includes(0))
      throw damaged(first, 'batches and events of a record differ');
    if (epoch < this.epoch) throw damaged(first, `the epoch goes back from ${this.epoch} to ${epoch}`);
    this.epoch = epoch;
    this.named = [];
    this.seals = [];
    const sealer = new Sealer(prev, this.#watch);
    let from = 0;
    for (const of of sizes) {
      this.seals.push(sealer.add(events, from, from + of));
      from += of;
    }
    if (sealer.seal !== seal) throw damaged(first, 'the events do not lead to the hash that is stored with them');
    this.seal = seal;
    for (const event of events) {
      const version = addToIndex(this.index, event, this.#touches);
      if (event.streamVersion !== version) {
        throw damaged(event.position, `${event.stream} has version ${event.streamVersion} where ${version} belongs`);
      }
      if (!(event.at >= this.at)) throw damaged(event.position, 'the time goes back');
      this.at = event.at;
    }
    this.position = frame.last;
    return events;
  }
}

/** Six bytes of an event's hash, as a number: a hash is cheaper than a checksum here, and the events have theirs already. */
export function checkOf(hash: Seal): number {
  let check = 0;
  for (let i = 0; i < 6; i += 1) check = check * 256 + hash.charCodeAt(i);
  return check;
}

/** Finds the blobs named in a value. */
export function collect(value: unknown, position: number, into: Named[]): void {
  if (typeof value !== 'object' || value === null) return;
  const { blob, bytes } = value as { readonly blob?: unknown; readonly bytes?: unknown };
  if (typeof blob === 'string' && typeof bytes === 'number' && /^[0-9a-f]{64}$/.test(blob)) {
    into.push({ sha256: blob, bytes, position });
  }
  for (const member of Object.values(value)) collect(member, position, into);
}
