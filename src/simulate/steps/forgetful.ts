/** Whoever wants something forgotten: long texts are said, and payloads removed between two lives; drawn only for fleets where that happens. */
import type { Random } from '../random.ts';
import type { Step } from './kinds.ts';
import { asking, happening } from './step.ts';
import { drawTarget } from './targets.ts';

/** Beyond what an event holds itself. */
const long = 'at length '.repeat(7_000);

/** Weight 0: they come by `drawErasure`, so that they shift nothing in the histories of others. */
export const forgetfulSteps = {
  sayAtLength: asking<{ readonly target: string; readonly n: number }>({
    weight: 0,
    draw: (r) => ({ target: drawTarget(r), n: r.below(3) }),
    says: ({ target, n }) => `follow up ${target}: long text ${n}`,
    command: ({ target, n }, idOf) => ({ do: 'send', target: idOf(target), text: `${n} ${long}`, followup: true }),
  }),
  forget: happening<{ readonly chance: number; readonly cutAfter?: number }>({
    weight: 0,
    draw: (r) => ({ chance: r.next(), ...(r.chance(40) && { cutAfter: r.below(6) }) }),
    says: ({ cutAfter }) =>
      `stop in order and have payloads forgotten${cutAfter === undefined ? '' : `; a crash after ${cutAfter} completions`}`,
    happen: (driver, { chance, cutAfter }) => driver.forget(chance, cutAfter),
  }),
};

const weights = { sayAtLength: 3, forget: 2 } as const;

export function drawErasure(r: Random): Step {
  const name = r.weighted(weights);
  return { after: r.below(12), do: name, ...forgetfulSteps[name].draw(r) } as Step;
}
