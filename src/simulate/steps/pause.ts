/** A pause of a fleet: there is no slot, work piles up in the queue, and then there are slots for many at once. */
import type { Random } from '../random.ts';
import type { Step } from './kinds.ts';
import { drawTarget } from './targets.ts';

export function drawPause(r: Random): Step[] {
  const soon = () => ({ after: r.below(4) });
  const pause = { activeTurns: 0, whenFull: 'queue', residents: r.between(1, 4) };
  // Before it, a fleet of more agents than there is room for in memory.
  const grown = Array.from({ length: r.between(0, 3) }, (_, i): Step => {
    const text = `grow ${i}`;
    return { after: r.between(4, 12), do: 'send', target: i === 0 ? '/root' : drawTarget(r), text, followup: true };
  });
  const followups = Array.from({ length: r.between(3, 8) }, (_, i): Step => {
    const text = `go ${i}`;
    return { ...soon(), do: 'send', target: drawTarget(r), text, followup: true };
  });
  return [
    ...grown,
    { ...soon(), do: 'changeLimits', limits: pause },
    ...followups,
    { ...soon(), do: 'changeLimits', limits: { activeTurns: r.between(2, 5) } },
  ];
}

export const drawInterruption = (r: Random): Step => ({
  after: r.below(4),
  do: 'interrupt',
  target: drawTarget(r),
  cascade: r.chance(30),
});
