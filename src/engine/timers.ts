/** Timers that belong to a call or a turn and go with it. */
import type { Clock } from './clock.ts';

export class Timers {
  readonly #clock: Clock;
  readonly #running = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `then` at a time (ms since 1970), or at once when it is past. */
  at(key: string, time: number, then: () => void): void {
    this.cancel(key);
    const cancel = this.#clock.after(Math.max(0, time - this.#clock.now()), () => {
      this.#running.delete(key);
      then();
    });
    this.#running.set(key, cancel);
  }

  cancel(key: string): void {
    this.#running.get(key)?.();
    this.#running.delete(key);
  }

  stop(): void {
    for (const cancel of this.#running.values()) cancel();
    this.#running.clear();
  }
}
