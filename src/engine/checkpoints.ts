/** When the log is signed: every so many events while the engine runs, and at every stop in order. */
import type { Log } from '../log/port.ts';

/** A roll-back to before the newest checkpoint is what nobody notices: a few minutes of a busy fleet. */
export const eventsBetween = 10_000;

export interface Signing {
  /** Signs what is durable; `log` is at rest. */
  readonly here: (log: Log) => Promise<void>;
  /** The same without holding up the engine, which goes on. */
  readonly aside: () => Promise<void>;
  /** Events from one checkpoint to the next; `eventsBetween` when absent. */
  readonly every?: number;
}

export class Checkpoints {
  readonly #log: Log;
  readonly #signing: Signing;
  #next: number;
  #under: Promise<void> = Promise.resolve();
  #isUnder = false;
  readonly #unfollow: () => void;

  constructor(log: Log, signing: Signing) {
    this.#log = log;
    this.#signing = signing;
    this.#next = log.synced().position + this.#every;
    this.#unfollow = log.follow((events) => this.#look(events[events.length - 1]!.position));
  }

  get #every(): number {
    return this.#signing.every ?? eventsBetween;
  }

  #look(position: number): void {
    if (position < this.#next || this.#isUnder) return;
    this.#next = position + this.#every;
    this.#isUnder = true;
    // It can be signed again at any time: a full disk stops the engine at its next append, not here.
    this.#under = this.#signing
      .aside()
      .catch(() => {})
      .then(() => {
        this.#isUnder = false;
      });
  }

  /** The engine has stopped in order, and nothing is appended any more. */
  async last(): Promise<void> {
    await this.#under;
    await this.#signing.here(this.#log).catch(() => {});
  }

  stop(): void {
    this.#unfollow();
  }
}
