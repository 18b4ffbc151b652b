/** Syncs of the world: each is a completion like any other, in order; it may be slow, fail, or be cut by a crash before or after. */
import type { Random } from '../random.ts';
import type { Schedule } from '../schedule.ts';

export interface SyncTemper {
  /** Of 100 syncs: those that take a while. */
  readonly slow: number;
  /** Of 1000 syncs: those that fail. */
  readonly fail: number;
}

export interface Pending {
  readonly life: number;
  readonly fails: boolean;
  /** What is durable once it is done. */
  readonly apply: () => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Syncs {
  temper: SyncTemper;
  done = 0;
  failures = 0;
  readonly #schedule: Schedule;
  readonly #random: Random;
  #pending: Pending[] = [];
  /** The life whose disk has failed: nothing is written for it any more. */
  #broken = 0;

  constructor(schedule: Schedule, random: Random, temper: SyncTemper) {
    this.#schedule = schedule;
    this.#random = random;
    this.temper = temper;
  }

  sync(life: number, apply: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const fails = this.#random.chance(this.temper.fail / 10);
      const afterMs = this.#random.chance(this.temper.slow) ? this.#random.between(1, 40) : 0;
      const pending: Pending = { life, fails, apply, resolve, reject };
      this.#pending.push(pending);
      this.#schedule.add(fails ? 'a sync that fails' : 'a sync', afterMs, life, () => this.#finish(pending));
    });
  }

  /** What was written before it is durable with it. */
  #finish(last: Pending): void {
    const end = this.#pending.indexOf(last) + 1;
    for (const pending of this.#pending.splice(0, end)) {
      this.done += 1;
      if (pending.fails) this.#broken = pending.life;
      if (this.#broken === pending.life) {
        this.failures += 1;
        pending.reject(new Error('ENOSPC: no space left on device'));
      } else {
        pending.apply();
        pending.resolve();
      }
    }
  }

  /** A life is over: what of its writes gets through, from the first on; none if the disk was slower than death. */
  cut(life: number, synced: boolean): Pending[] {
    const pending = this.#pending.filter((one) => one.life === life);
    this.#pending = [];
    if (!synced || this.#broken === life || pending.length === 0) return [];
    return pending.slice(0, this.#random.between(1, pending.length));
  }
}
