/** Planted defects of clients: two act as one root, mail goes astray on its way to them, what they leave goes on for ever. */
import { inDecisions, inFacts, type Plant, without } from './plant.ts';

export const clientPlants: Readonly<Record<string, Plant>> = {
  'one-root-for-two': inDecisions('a client is given a root that somebody acts as', (real, state, ctx, command) => {
    if (command.do !== 'joinClient') return real(state, ctx, command);
    const alone = Object.entries(state.agents).map(([id, agent]) => [
      id,
      agent.client ? { ...agent, client: {} } : agent,
    ]);
    return real({ ...state, agents: Object.fromEntries(alone) }, ctx, command);
  }),
  'client-outlives-engine': inFacts('a client of a dead engine is believed to be there', (facts) =>
    facts.some(({ type }) => type === 'EngineStarted') ? without(facts, 'ClientLeft') : facts,
  ),
  'turn-outlives-client': inFacts('the turn of a client that has gone does not end', (facts, state) =>
    facts.filter((fact) => fact.type !== 'TurnCompleted' || state.agents[fact.data.agentId]!.client === undefined),
  ),
  'mail-stays-behind': inFacts('a result goes to its client without the mail that is there', (facts) =>
    facts.filter((fact) => fact.type !== 'MailConsumed' || fact.data.callId === undefined),
  ),
  'mail-goes-with-client': inFacts('mail that a client has not read when it goes is lost', (facts, state) =>
    facts.some((fact) => fact.type === 'TurnCompleted' && state.agents[fact.data.agentId]!.client !== undefined)
      ? without(facts, 'MailReturned')
      : facts,
  ),
};
