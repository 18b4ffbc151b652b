/** All kinds of steps by name: whatever a capability lets people do, and whatever can befall it, has its line here. */
import type { Random } from '../random.ts';
import { attendedSteps } from './attended.ts';
import { cellSteps } from './cells.ts';
import { clientSteps } from './clients.ts';
import { faultSteps } from './faults.ts';
import { forgetfulSteps } from './forgetful.ts';
import { operatorSteps } from './operator.ts';
import { peopleSteps } from './people.ts';
import { processSteps } from './processes.ts';
import { registrarSteps } from './registrar.ts';
import type { StepKind } from './step.ts';
import { terminalSteps } from './terminal.ts';
import { thriftySteps } from './thrifty.ts';

const kinds = {
  ...operatorSteps,
  ...processSteps,
  ...cellSteps,
  ...faultSteps,
  ...terminalSteps,
  ...registrarSteps,
  ...clientSteps,
  ...attendedSteps,
  ...thriftySteps,
  ...forgetfulSteps,
  ...peopleSteps,
};

type Kinds = typeof kinds;
export type KindName = keyof Kinds;

/** `key`: the command carries this key; the same key may come again with the same request or another. */
interface When {
  /** Completions that are delivered before it. */
  readonly after: number;
  readonly key?: string;
}

export const kindNames = Object.keys(kinds) as readonly KindName[];

export type Step = { [K in KindName]: { readonly do: K } & When & ReturnType<Kinds[K]['draw']> }[KindName];

export const kindOf = (step: Step): StepKind<Step> => kinds[step.do] as unknown as StepKind<Step>;

export const says = (step: Step): string => kindOf(step).says(step);

export type Weights = Readonly<Record<KindName, number>>;

/** Of 100 histories: those that are made of some kinds alone, and of those again and again. */
const swarmPercent = 25;

/** Kinds are switched on and off as a whole: many histories of few kinds find more than all kinds at once. */
export function drawWeights(r: Random, swarm: Random): Weights {
  const swarming = swarm.chance(swarmPercent);
  const all = Object.entries(kinds as unknown as Record<string, StepKind<object>>);
  const weights = all.map(([name, { weight, without = 0, often }]) => {
    const factor = swarming ? swarm.pick([0, 0, 1, 4]) : 1;
    if (r.chance(without)) return [name, 0];
    const times = often !== undefined && r.chance(often.percent) ? often.times : 1;
    return [name, weight * times * factor];
  });
  const some = weights.some(([, weight]) => weight !== 0);
  return (some ? Object.fromEntries(weights) : drawWeights(r, swarm)) as Weights;
}

/** `keyed`: of 100 commands, those that carry a key. */
export function drawStep(r: Random, weights: Weights, keyed = 12): Step {
  const name = r.weighted(weights);
  const kind = kinds[name] as unknown as StepKind<object>;
  const after = r.chance(30) ? 0 : r.chance(8) ? r.between(30, 120) : r.below(12);
  const key = 'command' in kind && r.chance(keyed) && { key: `k${r.below(4)}` };
  return { after, ...key, do: name, ...kind.draw(r) } as Step;
}
