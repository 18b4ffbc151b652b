/** Whom the operator of a history means: agents that exist, that may exist, and that cannot. */
import type { Random } from '../random.ts';

const targets = ['/root', '/root/a', '/root/b', '/root/c', '/root/a/a', '/root/a/b', '/root/b/a'] as const;
const badTargets = [
  '',
  '/',
  'a',
  '/root/',
  'root:/root',
  'root2:/root/a',
  'nobody:/root',
  'constructor',
  '__proto__',
] as const;

/** `#3` stands for the id of the fourth agent that was spawned. */
export function drawTarget(r: Random): string {
  if (r.chance(25)) return `#${r.below(8)}`;
  return r.chance(5) ? r.pick(badTargets) : r.pick(targets);
}
