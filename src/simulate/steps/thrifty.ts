/** What whoever pays does while a fleet works: limits are raised, lowered and taken away; drawn only for fleets that have some. */
import type { BudgetGiven } from '../../decide/budget.ts';
import type { Random } from '../random.ts';
import type { Step } from './kinds.ts';
import { asking } from './step.ts';

function drawGiven(r: Random): BudgetGiven {
  const tokens = () => (r.chance(10) ? null : r.between(0, 120) * 1_000);
  const given: BudgetGiven = {
    ...(r.chance(60) && { tokens: tokens() }),
    ...(r.chance(30) && { agentTokens: tokens() }),
    ...(r.chance(20) && { money: r.between(1, 400) / 1_000 }),
  };
  if (r.chance(4)) return { ...given, tokens: r.pick([-1, 0.5]) };
  return given;
}

/** Weight 0: they come by `drawThrift`, so that they shift nothing in histories without a budget. */
export const thriftySteps = {
  budget: asking<{ readonly given: BudgetGiven }>({
    weight: 0,
    draw: (r) => ({ given: drawGiven(r) }),
    says: ({ given }) => `change the budget ${JSON.stringify(given)}`,
    command: ({ given }) => ({ do: 'changeBudget', given }),
  }),
};

export const drawThrift = (r: Random): Step =>
  ({
    after: r.below(12),
    ...(r.chance(12) && { key: `k${r.below(4)}` }),
    do: 'budget',
    ...thriftySteps.budget.draw(r),
  }) as Step;
