/** When the log is signed: every so many events while the engine runs, and at every stop in order. */
import type { CheckpointsConfig } from '../../events/fleetFile.ts';
import type { Log } from '../log/port.ts';
import type { Clock } from './clock.ts';
import { Rest } from './rest.ts';

/** Where the fleet file says nothing. What lies behind the newest checkpoint can be rolled back unseen: a few minutes of a busy fleet. */
const everyEventsDefault = 10_000;

export interface Signing {
  /** Signs what is durable; `log` is at rest. */
  readonly here: (log: Log) => Promise<void>;
  /** The same without holding up the engine, which goes on. */
  readonly aside: () => Promise<void>;
}

export class Checkpoints {
  readonly #log: Log;
  readonly #signing: Signing;
  readonly #rest: Rest;
  readonly #every: number;
  #next: number;
  #under: Promise<void> = Promise.resolve();
  #isUnder = false;
  readonly #unfollow: () => void;

  constructor(log: Log, signing: Signing, clock: Clock, { everyEvents = everyEventsDefault }: CheckpointsConfig = {}) {
    this.#log = log;
    this.#signing = signing;
    this.#rest = new Rest(clock);
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
    if (!this.#rest.over) return;
    this.#next = this.#after(position);
    this.#isUnder = true;
    // It can be signed again at any time: a full disk stops the engine at its next append, not here.
    this.#under = this.#rest.after(this.#signing.aside()).then(() => {
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
