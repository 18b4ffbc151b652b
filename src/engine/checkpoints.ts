/** When the log is signed: every so many events while the engine runs, and at every stop in order. */
import type { CheckpointsConfig } from '../../events/fleetFile.ts';
import type { Log } from '../log/port.ts';
import type { Clock } from './clock.ts';

/** Where the fleet file says nothing. What lies behind the newest checkpoint can be rolled back unseen: a few minutes of a busy fleet. */
const everyEventsDefault = 10_000;

/** Signing aside keeps a core busy: after one checkpoint the fleet has the machine for itself so many times as long as it took. */
const restTimes = 9;

export interface Signing {
  /** Signs what is durable; `log` is at rest. */
  readonly here: (log: Log) => Promise<void>;
  /** The same without holding up the engine, which goes on. */
  readonly aside: () => Promise<void>;
}

export class Checkpoints {
  readonly #log: Log;
  readonly #signing: Signing;
  readonly #clock: Clock;
  readonly #every: number;
  #next: number;
  #under: Promise<void> = Promise.resolve();
  #isUnder = false;
  /** ms since 1970: until then it rests. */
  #notBefore = 0;
  readonly #unfollow: () => void;

  constructor(log: Log, signing: Signing, clock: Clock, { everyEvents = everyEventsDefault }: CheckpointsConfig = {}) {
    this.#log = log;
    this.#signing = signing;
    this.#clock = clock;
    this.#every = everyEvents;
    this.#next = this.#after(log.synced().position);
    this.#unfollow = log.follow((events) => this.#look(events[events.length - 1]!.position));
  }

  /** At multiples of the interval, so that a fleet that often crashes is signed as often as one that does not. */
  #after(position: number): number {
    return (Math.floor(position / this.#every) + 1) * this.#every;
  }

  #look(position: number): void {
    if (position < this.#next || this.#isUnder) return;
    const begun = this.#clock.now();
    if (begun < this.#notBefore) return;
    this.#next = this.#after(position);
    this.#isUnder = true;
    // It can be signed again at any time: a full disk stops the engine at its next append, not here.
    this.#under = this.#signing
      .aside()
      .catch(() => {})
      .then(() => {
        this.#isUnder = false;
        const now = this.#clock.now();
        this.#notBefore = now + restTimes * (now - begun);
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
