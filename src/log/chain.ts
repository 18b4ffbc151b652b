/**
 * The hash chain: each batch is sealed by SHA-256 over the seal before it and over the hashes of its events, so no
 * event can be changed, dropped or moved without changing every seal after it.
 */
import { hash as digest } from 'node:crypto';
import type { Envelope } from '../../events/envelope.ts';
import { type Canonical, canonicalOf, eventText } from './canonical.ts';

/** 32 bytes as a latin1 string: twice as fast to produce as a Buffer, and compared by value. */
export type Seal = string;

export const sealBytes = 32;

export const sha256 = (content: string | Uint8Array): Seal => digest('sha256', content, 'binary');

export const hexOf = (seal: Seal): string => Buffer.from(seal, 'latin1').toString('hex');

export const sealOf = (hex: string): Seal => Buffer.from(hex, 'hex').toString('latin1');

/** What the first batch of a fleet follows. */
export const genesis = (fleetId: string): Seal => sha256(`holdfast/1/${fleetId}`);

let scratch = Buffer.alloc(sealBytes * 65);

/** Sees each event that is sealed, its canonical text, that of its data (none: the event has no data), and the text's hash. */
export type Watch = (event: Envelope, text: string, data: Canonical | undefined, hash: Seal) => void;

/** Seals batch after batch. */
export class Sealer {
  seal: Seal;
  readonly #watch: Watch | undefined;

  constructor(prev: Seal, watch?: Watch) {
    this.seal = prev;
    this.#watch = watch;
  }

  /** SHA-256(prev ‖ SHA-256(event 1) ‖ … ‖ SHA-256(event n)) over raw bytes; events from..to, `to` not included. */
  add(events: readonly Envelope[], from = 0, to = events.length): Seal {
    const length = sealBytes * (to - from + 1);
    if (scratch.length < length) scratch = Buffer.alloc(length * 2);
    scratch.write(this.seal, 0, 'latin1');
    let at = sealBytes;
    for (let i = from; i < to; i++) {
      const event = events[i]!;
      const data = event.data === undefined ? undefined : canonicalOf(event.data);
      const text = eventText(event, data === undefined ? '' : data.text);
      const hash = sha256(text);
      this.#watch?.(event, text, data, hash);
      scratch.write(hash, at, 'latin1');
      at += sealBytes;
    }
    this.seal = sha256(scratch.subarray(0, length));
    return this.seal;
  }
}

/** The hash of one batch, hex, from the hash before it. */
export function batchHash(prev: string, events: readonly Envelope[]): string {
  return hexOf(new Sealer(sealOf(prev)).add(events));
}
