/** Ids of the world: shaped like UUIDv7, made of virtual time and the seed. */
import { Random } from './random.ts';

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

export function seededIds(seed: number, now: () => number): () => string {
  const random = new Random(seed);
  return () => {
    const at = hex(now(), 12);
    const a = random.next();
    const b = random.next();
    const c = random.next();
    return `${at.slice(0, 8)}-${at.slice(8)}-7${hex(a & 0xfff, 3)}-${hex(0x8000 | ((a >>> 12) & 0x3fff), 4)}-${hex(b, 8)}${hex(c & 0xffff, 4)}`;
  };
}
