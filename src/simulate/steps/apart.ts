/** What shows whether worktrees are whole: agents are closed, others take their paths, and the engine dies in between. */
import type { Random } from '../random.ts';
import type { Step } from './kinds.ts';

const weights = { close: 6, send: 4, crash: 2, restart: 1 } as const;
/** Paths that models like to spawn at. */
const paths = ['/root/a', '/root/b', '/root/c', '/root/d', '/root/a/b'] as const;

export function drawParting(r: Random): Step {
  const name = r.weighted(weights);
  const after = r.below(10);
  if (name === 'crash') return { after, do: name, synced: r.chance(50), skewMs: 0 };
  if (name === 'restart') return { after, do: name };
  if (name === 'close') return { after, do: name, target: r.pick(paths) };
  return { after, do: name, target: '/root', text: `go ${r.below(9)}`, followup: true };
}
