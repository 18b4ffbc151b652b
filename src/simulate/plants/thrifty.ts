/** Planted defects of budgets: money that is counted in memory alone, and more of it that nobody hears of. */
import { inFacts, type Plant, without } from './plant.ts';

export const thriftyPlants: Readonly<Record<string, Plant>> = {
  'spending-starts-anew': {
    says: 'what was spent is counted in memory, and a new life begins with nothing',
    engine: () => ({
      facts: (facts, state) => {
        const { spending } = state;
        if (spending !== undefined && facts.some(({ type }) => type === 'EngineStarted')) {
          spending.trees = {};
          spending.agents = {};
        }
        return facts;
      },
    }),
  },
  'raised-unheard': inFacts('a budget is raised, and those whom it had stopped stay where they are', (facts) =>
    facts.some(({ type }) => type === 'BudgetChanged') ? without(facts, 'MailAccepted') : facts,
  ),
};
