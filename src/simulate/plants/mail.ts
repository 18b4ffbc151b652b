/** Planted defects of mail: what was accepted is lost on the way, or told too late. */
import type { HoldfastFact } from '../../../events/catalogue.ts';
import { HistoryCompacted } from '../../../events/turn.ts';
import { type FactOf, inFacts, type Plant, without } from './plant.ts';

const isCompletion = (fact: HoldfastFact): fact is FactOf<'MailAccepted'> =>
  fact.type === 'MailAccepted' && fact.data.kind === 'completion';

export const mailPlants: Readonly<Record<string, Plant>> = {
  R19: inFacts('an interruption at the start of a turn is answered and has no effect', (facts, state) => {
    if (facts.some(({ type }) => type === 'AgentClosed' || type === 'EngineStarted')) return facts;
    const starting = new Set<string>();
    for (const { type, data } of facts) {
      const turn = type === 'TurnInterrupted' ? state.turns[data.turnId] : undefined;
      if (turn !== undefined && turn.list === undefined && turn.fresh.length > 0)
        starting.add(turn.turnId).add(turn.reservationId ?? '');
    }
    return facts.filter(
      ({ type, data }) =>
        !('turnId' in data && starting.has(data.turnId ?? '')) &&
        !(type === 'SlotReleased' && starting.has(data.reservationId)),
    );
  }),
  R20: inFacts('an interruption drops mail that the turn has taken and no model has seen', (facts, state) =>
    facts.some(({ type, data }) => type === 'TurnInterrupted' && state.turns[data.turnId]?.list !== undefined)
      ? without(facts, 'MailReturned')
      : facts,
  ),
  R21: inFacts('the result of a child whose parent is not in memory is dropped', (facts, state) =>
    facts.filter((fact) => !isCompletion(fact) || state.residents.present[fact.data.to] !== undefined),
  ),
  R23: inFacts('a compaction takes along mail that came in meanwhile', (facts, state) =>
    facts.map((fact) =>
      fact.type === 'HistoryCompacted' ? HistoryCompacted({ ...fact.data, upTo: state.position }) : fact,
    ),
  ),
  'completion-outside-batch': {
    says: 'the end of a turn is recorded first, and the mail to the parent with the next batch',
    engine: () => {
      const late: HoldfastFact[] = [];
      return {
        facts: (facts, _state, batch) => {
          const due = batch.length === 0 ? late.splice(0) : [];
          late.push(...facts.filter(isCompletion));
          return [...facts.filter((fact) => !isCompletion(fact)), ...due];
        },
      };
    },
  },
};
