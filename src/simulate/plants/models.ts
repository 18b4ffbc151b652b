/** Planted defects around models: an answer that is asked for again, and results that a summary takes along. */
import { HistoryCompacted } from '../../../events/turn.ts';
import type { Model } from '../../models/port.ts';
import { inFacts, type Plant } from './plant.ts';

export const modelPlants: Readonly<Record<string, Plant>> = {
  'asked-again': {
    says: 'after a restart the model is asked again for the last answer that the log holds',
    model: (model: Model, life: number): Model => {
      const known = new Set<string>();
      return {
        ...(model.release && { release: (agentId) => model.release!(agentId) }),
        sample: async (request, signal) => {
          const { agentId, n } = request;
          const again = life > 1 && n > 1 && !known.has(agentId);
          known.add(agentId);
          if (again) await model.sample({ ...request, n: n - 1 }, signal);
          return model.sample(request, signal);
        },
      };
    },
  },
  'results-compacted': inFacts('a compaction takes along the results that no model has read', (facts, state) =>
    facts.map((fact) => {
      const turn = fact.type === 'HistoryCompacted' ? state.turns[fact.data.turnId] : undefined;
      // With mail among them it is R23.
      if (fact.type !== 'HistoryCompacted' || turn === undefined || turn.fresh.length > 0) return fact;
      return HistoryCompacted({ ...fact.data, upTo: state.position });
    }),
  ),
};
