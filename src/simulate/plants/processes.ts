/** Planted defects of processes: what happened to them is told twice, or not at all. */
import type { HoldfastFact } from '../../../events/catalogue.ts';
import type { State } from '../../../projections/state.ts';
import { inDecisions, inFacts, type Plant } from './plant.ts';

const isTyping = (fact: HoldfastFact): boolean => fact.type === 'ProcessWritten' && fact.data.writtenBy === 'operator';

/** A state that knows of no typing at this process. */
function forgetful(state: State, processId: number): State {
  const process = state.processes.all[processId];
  if (process?.typed === undefined) return state;
  const all = { ...state.processes.all, [processId]: { ...process, typed: 0 } };
  return { ...state, processes: { ...state.processes, all } };
}

export const processPlants: Readonly<Record<string, Plant>> = {
  'typed-twice': inDecisions('what operators have typed is recorded again by each life', (real, state, ctx, command) =>
    command.do === 'processTyped' ? real(forgetful(state, command.processId), ctx, command) : real(state, ctx, command),
  ),
  'typed-and-ended': inFacts('what was typed last is not told when the process has ended meanwhile', (facts) =>
    facts.some(({ type }) => type === 'ProcessExited' || type === 'ProcessTerminated')
      ? facts.filter((fact) => !isTyping(fact))
      : facts,
  ),
};
