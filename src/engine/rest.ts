/** Work beside the engine keeps a core busy: after it the fleet has the machine for itself so many times as long as it took. */
import type { Clock } from './clock.ts';

const restTimes = 9;

export class Rest {
  readonly #clock: Clock;
  /** ms since 1970. */
  #until = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get over(): boolean {
    return this.#clock.now() >= this.#until;
  }

  /** Rests after it, whether it came to a good end or not. */
  async after(work: Promise<void>): Promise<void> {
    const begun = this.#clock.now();
    await work.catch(() => {});
    const now = this.#clock.now();
    this.#until = now + restTimes * (now - begun);
  }
}
