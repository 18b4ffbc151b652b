/** Planted defects of answers: every fact is right, and what somebody is told about the fleet was true a while ago. */
import type { State } from '../../../projections/state.ts';
import type { Plant } from './plant.ts';

export const answerPlants: Readonly<Record<string, Plant>> = {
  'stale-answer': {
    says: 'an interruption answers with the status that the one before it found: somebody keeps it in a cache',
    engine: () => {
      const cache = new Map<unknown, unknown>();
      return {
        decide: (real, state, ctx, command) => {
          const decision = real(state, ctx, command);
          if (command.do !== 'interrupt' || decision._tag === 'Left') return decision;
          const answer = decision.right.answer as { readonly path: string; readonly previousStatus: string };
          const previousStatus = cache.get(answer.path) ?? answer.previousStatus;
          cache.set(answer.path, answer.previousStatus);
          return { _tag: 'Right', right: { ...decision.right, answer: { ...answer, previousStatus } } };
        },
      };
    },
  },
  'stale-read': {
    says: 'readers are given a copy of the fleet that is made anew for every third of them',
    engine: () => {
      let reads = 0;
      let copy: State | undefined;
      return {
        view: (state) => {
          if (reads % 3 === 0) copy = structuredClone(state);
          reads += 1;
          return copy!;
        },
      };
    },
  },
};
