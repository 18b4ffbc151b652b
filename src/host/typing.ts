/**
 * What operators have typed into a terminal, as far as it may be told: how many bytes, and a hash that says which. The
 * hash is salted with what lies beside the spool only, because a password is short enough to be guessed from a bare one.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Typed } from './port.ts';

export class Typing {
  readonly salt: string;
  #bytes = 0;
  #hash = createHash('sha256');

  constructor(salt = randomBytes(16).toString('hex')) {
    this.salt = salt;
    this.#hash.update(salt);
  }

  add(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#hash.update(bytes);
  }

  /** Undefined while nothing was typed. */
  get sum(): Typed | undefined {
    return this.#bytes === 0 ? undefined : { bytes: this.#bytes, hash: this.#hash.copy().digest('hex') };
  }
}
