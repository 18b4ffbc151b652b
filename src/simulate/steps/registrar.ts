/** What befalls accounts, keys and the registrar; drawn only for fleets that are registered. */
import type { Random } from '../random.ts';
import type { Step } from './kinds.ts';
import type { OfTarget } from './operator.ts';
import { asking, happening } from './step.ts';
import { drawTarget } from './targets.ts';

const damages = ['missing', 'damaged', 'foreign'] as const;
const revocable = ['task', 'agent'] as const;

/** Weight 0: they come by `drawTrouble`, so that they shift nothing in histories without a registrar. */
export const registrarSteps = {
  switchAccount: happening<{ readonly back: boolean }>({
    weight: 0,
    draw: (r) => ({ back: r.chance(50) }),
    says: ({ back }) => (back ? 'switch back to the first account' : 'switch to another account'),
    happen: ({ world }, { back }) => world.registrar?.switchAccount(back),
  }),
  spoilKey: happening<{ readonly how: (typeof damages)[number] }>({
    weight: 0,
    draw: (r) => ({ how: r.pick(damages) }),
    says: ({ how }) => `the key file is ${how}`,
    happen: ({ world }, { how }) => world.registrar?.spoilKey(how),
  }),
  revoke: happening<{ readonly what: (typeof revocable)[number] }>({
    weight: 0,
    draw: (r) => ({ what: r.pick(revocable) }),
    says: ({ what }) => `the registrar takes back the newest ${what}`,
    happen: ({ world }, { what }) => world.registrar?.revoke(what),
  }),
  unbind: asking<OfTarget>({
    weight: 0,
    draw: (r) => ({ target: drawTarget(r) }),
    says: ({ target }) => `unbind ${target}`,
    command: ({ target }, idOf) => ({ do: 'unbind', target: idOf(target) }),
  }),
};

export const drawRevocation = (r: Random): Step => ({ after: r.below(12), do: 'revoke', what: 'task' });

const weights = { switchAccount: 3, spoilKey: 2, revoke: 4, unbind: 4, crash: 3, restart: 1 } as const;

/** One step that has to do with registrations. */
export function drawTrouble(r: Random): Step {
  const name = r.weighted(weights);
  const after = r.below(12);
  if (name === 'crash') return { after, do: name, synced: r.chance(50), skewMs: 0 };
  if (name === 'restart') return { after, do: name };
  return { after, do: name, ...registrarSteps[name].draw(r) } as Step;
}
