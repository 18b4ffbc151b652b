/** Who goes from memory first, under each rule that a policy can name, and under the best one there could be. */
import type { Eviction } from './policy.ts';

/** Idle residents in the order in which they would go. */
export interface Idle {
  add(agent: string): void;
  remove(agent: string): void;
  /** Who goes first; undefined when nobody is idle. */
  first(): string | undefined;
  /** No longer in memory. */
  forget(agent: string): void;
  resize?(capacity: number): void;
}

class LeastRecent implements Idle {
  readonly #order = new Set<string>();

  add(agent: string): void {
    this.#order.delete(agent);
    this.#order.add(agent);
  }

  remove(agent: string): void {
    this.#order.delete(agent);
  }

  first(): string | undefined {
    return this.#order.values().next().value;
  }

  forget(): void {}
}

/** Agents that came to rest once go before those that were used again since (segmented LRU, four fifths protected). */
class Segmented implements Idle {
  readonly #tried = new LeastRecent();
  readonly #proven = new LeastRecent();
  readonly #used = new Map<string, number>();
  #provenMax = 0;
  readonly #inProven = new Set<string>();

  constructor(capacity: number) {
    this.resize(capacity);
  }

  resize(capacity: number): void {
    this.#provenMax = Math.floor(capacity * 0.8);
    this.#settle();
  }

  add(agent: string): void {
    const times = (this.#used.get(agent) ?? 0) + 1;
    this.#used.set(agent, times);
    this.remove(agent);
    if (times === 1 || this.#provenMax === 0) {
      this.#tried.add(agent);
      return;
    }
    this.#proven.add(agent);
    this.#inProven.add(agent);
    this.#settle();
  }

  #settle(): void {
    while (this.#inProven.size > this.#provenMax) {
      const back = this.#proven.first()!;
      this.remove(back);
      this.#tried.add(back);
    }
  }

  remove(agent: string): void {
    this.#tried.remove(agent);
    this.#proven.remove(agent);
    this.#inProven.delete(agent);
  }

  first(): string | undefined {
    return this.#tried.first() ?? this.#proven.first();
  }

  forget(agent: string): void {
    this.#used.delete(agent);
  }
}

/** Belady's optimum: whoever is needed last in the future goes first; it knows all uses beforehand. */
export class Belady implements Idle {
  readonly #idle = new Set<string>();
  readonly #nextOf: (agent: string) => number;

  constructor(nextOf: (agent: string) => number) {
    this.#nextOf = nextOf;
  }

  add(agent: string): void {
    this.#idle.add(agent);
  }

  remove(agent: string): void {
    this.#idle.delete(agent);
  }

  first(): string | undefined {
    let [last, at] = [undefined as string | undefined, -1];
    for (const agent of this.#idle) {
      const next = this.#nextOf(agent);
      if (next > at) [last, at] = [agent, next];
    }
    return last;
  }

  forget(): void {}
}

export const orders: Readonly<Record<Eviction, (capacity: number) => Idle>> = {
  lru: () => new LeastRecent(),
  slru: (capacity) => new Segmented(capacity),
  never: () => new LeastRecent(),
};
