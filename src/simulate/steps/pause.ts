/** A pause of a fleet: there is no slot, work piles up in the queue, and then there are slots for many at once. */
import type { Random } from '../random.ts';
import type { Step } from './kinds.ts';
import { drawTarget } from './targets.ts';

export function drawPause(r: Random): Step[] {
  const soon = () => ({ after: r.below(4) });
  const pause = { activeTurns: 0, whenFull: 'queue', residents: r.between(2, 4) };
  const followups = Array.from({ length: r.between(3, 8) }, (_, i): Step => {
    const text = `go ${i}`;
    return { ...soon(), do: 'send', target: drawTarget(r), text, followup: true };
  });
  return [
    { ...soon(), do: 'changeLimits', limits: pause },
    ...followups,
    { ...soon(), do: 'changeLimits', limits: { activeTurns: r.between(2, 5) } },
  ];
}
