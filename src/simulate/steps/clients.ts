/** What clients do: they come, call, change their minds and go; a crash sends all of them away. */

import { answering, clientsMax } from '../clients.ts';
import type { Random } from '../random.ts';
import type { Step } from './kinds.ts';
import { happening } from './step.ts';

export interface OfClient {
  readonly who: number;
}

const drawWho = (r: Random): OfClient => ({ who: Math.min(r.below(clientsMax), r.below(clientsMax)) });

/** Weight 0: they come by `drawVisit`, so that they shift nothing in histories without clients. */
export const clientSteps = {
  clientComes: happening<OfClient>({
    weight: 0,
    draw: drawWho,
    says: ({ who }) => `client ${who} comes`,
    happen: async (driver, { who }) => {
      await driver.ready();
      driver.world.clients.come(who, driver.world.life!);
    },
  }),
  clientCalls: happening<OfClient & { readonly chance: number }>({
    weight: 0,
    draw: (r) => ({ ...drawWho(r), chance: r.next() }),
    says: ({ who }) => `client ${who} calls a tool`,
    happen: ({ world }, { who, chance }) => world.clients.call(who, chance),
  }),
  clientCancels: happening<OfClient & { readonly nth: number }>({
    weight: 0,
    draw: (r) => ({ ...drawWho(r), nth: r.below(4) }),
    says: ({ who, nth }) => `client ${who} cancels its open call ${nth}`,
    happen: ({ world }, { who, nth }) => world.clients.cancel(who, nth),
  }),
  clientGoes: happening<OfClient>({
    weight: 0,
    draw: drawWho,
    says: ({ who }) => `client ${who} goes`,
    happen: ({ world }, { who }) => world.clients.go(who),
  }),
};

/** The client that answers for its agents comes and goes while they are at work. */
export function drawService(r: Random): Step {
  const name = r.weighted({ clientComes: 15, clientCalls: 40, clientGoes: 12 });
  return { after: r.below(8), do: name, ...clientSteps[name].draw(r), who: answering } as Step;
}

const weights = { clientComes: 12, clientCalls: 40, clientCancels: 5, clientGoes: 5 } as const;

export function drawVisit(r: Random): Step {
  const name = r.weighted(weights);
  return { after: r.below(8), do: name, ...clientSteps[name].draw(r) } as Step;
}
