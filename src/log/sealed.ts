/** Batches on their way to the disk: consecutive ones of one epoch are sealed and become one frame. */
import type { Envelope } from '../../events/envelope.ts';
import { hexOf, type Seal, Sealer } from './chain.ts';
import type { Batch, Head } from './port.ts';

export interface Tip {
  readonly position: number;
  readonly seal: Seal;
  readonly at: number;
  readonly epoch: number;
}

/** Consecutive batches of one epoch with their seals: what becomes one frame. */
export interface Sealed {
  readonly first: number;
  readonly epoch: number;
  readonly events: readonly Envelope[];
  readonly sizes: readonly number[];
  /** Seal of each batch. */
  readonly seals: readonly Seal[];
  readonly prev: Seal;
  readonly tip: Tip;
  /** Canonical texts of data that does not survive packing, by position. */
  readonly texts: ReadonlyMap<number, string> | undefined;
}

export const headOf = ({ position, seal, at, epoch }: Tip): Head => ({ position, hash: hexOf(seal), at, epoch });

export function fleetIdOf(event: Envelope): string | undefined {
  const { fleetId } = (event.data ?? {}) as { readonly fleetId?: unknown };
  return typeof fleetId === 'string' ? fleetId : undefined;
}

// A frame is decoded as a whole, also for one event of it: larger ones are read no faster in sequence, and made each look
// at a position cost ten times as much.
const frameEventsMax = 256;
const frameTextMax = 8 * 2 ** 20;

/** A frame that still grows. */
export class Growing implements Sealed {
  readonly first: number;
  readonly epoch: number;
  readonly events: Envelope[] = [];
  readonly sizes: number[] = [];
  readonly seals: Seal[] = [];
  readonly prev: Seal;
  texts: Map<number, string> | undefined;
  tip: Tip;
  readonly #sealer: Sealer;
  #length = 0;

  constructor(tip: Tip, epoch: number) {
    this.first = tip.position + 1;
    this.epoch = epoch;
    this.prev = tip.seal;
    this.tip = tip;
    this.#sealer = new Sealer(tip.seal, (event, text, data) => {
      this.#length += text.length;
      if (data === undefined || data.value === event.data) {
        this.events.push(event);
        return;
      }
      // Those who follow the log see what is read back: keys in canonical order, and only what the text says.
      this.events.push({ ...event, data: data.value });
      if (data.exact) return;
      this.texts ??= new Map();
      this.texts.set(event.position, data.text);
    });
  }

  get full(): boolean {
    return this.events.length >= frameEventsMax || this.#length >= frameTextMax;
  }

  add(batch: Batch): void {
    const { events } = batch;
    const { length } = this.events;
    let seal: Seal;
    try {
      seal = this.#sealer.add(events);
    } catch (error) {
      // Data without a canonical form is a defect of the caller: nothing of its batch stays.
      this.events.length = length;
      for (const { position } of events) this.texts?.delete(position);
      throw error;
    }
    this.sizes.push(events.length);
    this.seals.push(seal);
    const last = events[events.length - 1]!;
    this.tip = { position: last.position, seal, at: last.at, epoch: batch.epoch };
  }
}
