/** Memory under a policy: which agents would be loaded and which would have to go, for a sequence of uses. */
import { Belady, type Idle, orders } from './evictionOrder.ts';
import type { Eviction } from './policy.ts';

/** What happens to an agent, as far as memory is concerned: a turn starts, ends, mail comes, it is closed. */
export type Use = 'start' | 'rest' | 'touch' | 'close';

/** One after the other: the agent and what happens to it; the memory is emptied; it has another size from now on. */
export type Uses = readonly (readonly [agent: string, use: Use] | 'restart' | { readonly capacity: number })[];

export interface MemoryCounts {
  readonly loads: number;
  /** Loads of agents that had been in memory before. */
  readonly reloads: number;
  readonly evictions: number;
}

export class MemoryRehearsal {
  #capacity: number;
  readonly #idle: Idle;
  readonly #present = new Set<string>();
  readonly #known = new Set<string>();
  readonly #counts = { loads: 0, reloads: 0, evictions: 0 };

  constructor(capacity: number, order: Eviction | Idle) {
    this.#capacity = capacity;
    this.#idle = typeof order === 'string' ? orders[order](capacity) : order;
  }

  get counts(): MemoryCounts {
    return { ...this.#counts };
  }

  has(agent: string): boolean {
    return this.#present.has(agent);
  }

  /** Agents that go so that this one can come. */
  use(agent: string, use: Use): readonly string[] {
    switch (use) {
      case 'start':
        return this.#start(agent);
      case 'rest':
      case 'touch':
        if (this.#present.has(agent) && (use === 'rest' || this.#isIdle(agent))) this.#idle.add(agent);
        if (use === 'rest') this.#busy.delete(agent);
        return [];
      case 'close':
        this.#leave(agent);
        return [];
    }
  }

  restart(): void {
    for (const each of [...this.#present]) this.#leave(each);
  }

  /** Where it has become smaller, idle agents go at once. */
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#idle.resize?.(capacity);
    this.#counts.evictions += this.#makeRoom(capacity).length;
  }

  /** The whole sequence. */
  live(uses: Uses, onUse: (index: number, agent: string) => void = () => {}): MemoryCounts {
    for (const [i, use] of uses.entries()) {
      if (use === 'restart') this.restart();
      else if ('capacity' in use) this.resize(use.capacity);
      else {
        onUse(i, use[0]);
        this.use(...use);
      }
    }
    return this.counts;
  }

  readonly #busy = new Set<string>();

  #isIdle(agent: string): boolean {
    return !this.#busy.has(agent);
  }

  #start(agent: string): readonly string[] {
    this.#busy.add(agent);
    this.#idle.remove(agent);
    if (this.#present.has(agent)) return [];
    const evicted = this.#makeRoom(this.#capacity - 1);
    this.#counts.evictions += evicted.length;
    this.#counts.loads += 1;
    if (this.#known.has(agent)) this.#counts.reloads += 1;
    this.#known.add(agent);
    this.#present.add(agent);
    return evicted;
  }

  /** Until there are at most so many, as far as idle ones can go. */
  #makeRoom(presentMax: number): string[] {
    const evicted: string[] = [];
    while (this.#present.size > presentMax) {
      const first = this.#idle.first();
      if (first === undefined) break;
      this.#leave(first);
      evicted.push(first);
    }
    return evicted;
  }

  #leave(agent: string): void {
    this.#present.delete(agent);
    this.#busy.delete(agent);
    this.#idle.remove(agent);
    this.#idle.forget(agent);
  }
}

/** For each use, the index of the agent's next start; beyond the last where it is closed before, or the memory emptied. */
function nextStarts(uses: Uses): Float64Array {
  const next = new Float64Array(uses.length);
  let coming = new Map<string, number>();
  for (let i = uses.length - 1; i >= 0; i -= 1) {
    const each = uses[i]!;
    if (each === 'restart') coming = new Map();
    if (!Array.isArray(each)) continue;
    const [agent, use] = each as readonly [string, Use];
    if (use === 'close') coming.delete(agent);
    next[i] = coming.get(agent) ?? Number.POSITIVE_INFINITY;
    if (use === 'start') coming.set(agent, i);
  }
  return next;
}

/** The fewest loads that any order of eviction could do with. */
export function optimum(uses: Uses, capacity: number): MemoryCounts {
  const next = nextStarts(uses);
  const known = new Map<string, number>();
  const memory = new MemoryRehearsal(capacity, new Belady((agent) => known.get(agent) ?? Number.POSITIVE_INFINITY));
  return memory.live(uses, (i, agent) => known.set(agent, next[i]!));
}
