/** New UUIDv7 texts: milliseconds, a counter within them, and chance from a pool, because a draw for each would cost more. */
import { randomFillSync } from 'node:crypto';

const poolBytes = 8192;
/** Hex digits of chance in one id; two bits of them give way to the variant. */
const digitsPerId = 16;
const counterMax = 0xfff;

const bytes = Buffer.allocUnsafe(poolBytes);
let digits = '';
let used = 0;
let time = 0;
let prefix = '';
let counter = 0;

/** `01890a5d-ac96-7` for a time in ms since 1970. */
function prefixOf(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
}

/** Later ids sort behind earlier ones, also within a millisecond and when the clock goes back. */
export function newId(): string {
  counter += 1;
  const now = Date.now();
  if (now > time || counter > counterMax) {
    time = Math.max(now, time + 1);
    prefix = prefixOf(time);
    counter = 0;
  }
  if (used === digits.length) {
    digits = randomFillSync(bytes).toString('hex');
    used = 0;
  }
  const chance = digits.slice(used, used + digitsPerId);
  used += digitsPerId;
  const variant = '89ab'[Number.parseInt(chance[0]!, 16) % 4]!;
  return `${prefix}${counter.toString(16).padStart(3, '0')}-${variant}${chance.slice(1, 4)}-${chance.slice(4)}`;
}
