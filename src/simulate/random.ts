/** Chance from a seed: the same seed gives the same numbers on every machine. */

/** 32 bits that depend on all parts: what happens at one place does not shift when another place draws more or less. */
export function mix(seed: number, ...parts: readonly (number | string)[]): number {
  let h = seed | 0;
  const take = (n: number) => {
    h = Math.imul(h ^ n, 0x9e3779b1);
    h ^= h >>> 15;
  };
  for (const part of parts) {
    if (typeof part === 'number') take(part);
    else for (let i = 0; i < part.length; i += 1) take(part.charCodeAt(i));
    take(0x5bd1e995);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = mix(seed, 1) | 0;
    this.#c = mix(seed, 2) | 0;
    for (let i = 0; i < 8; i += 1) this.next();
  }

  /** 32 random bits (sfc32). */
  next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** 0 … n-1. */
  below(n: number): number {
    return Math.floor((this.next() / 2 ** 32) * n);
  }

  /** `min` … `max`. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** True in `percent` of 100. */
  chance(percent: number): boolean {
    return percent > 0 && this.below(10_000) < percent * 100;
  }

  pick<A>(from: readonly A[]): A {
    return from[this.below(from.length)]!;
  }

  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    let sum = 0;
    for (const key in weights) sum += weights[key];
    let at = this.below(sum);
    for (const key in weights) {
      at -= weights[key];
      if (at < 0) return key;
    }
    throw new RangeError('no weight is above 0');
  }
}
