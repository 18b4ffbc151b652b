/** Planted defects of clients: two act as one root, mail goes astray on its way to them, what they leave goes on for ever. */
import type { HoldfastFact } from '../../../events/catalogue.ts';
import { ClientJoined } from '../../../events/client.ts';
import { MailConsumed } from '../../../events/mail.ts';
import { SamplingEnded } from '../../../events/turn.ts';
import { servedByClient } from '../../../projections/answering.ts';
import { asksModel } from '../../../projections/taskBindings.ts';
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
  'mail-put-off': inFacts('mail goes with a result that its client has stopped waiting for', (facts, state) =>
    facts.flatMap((fact): HoldfastFact[] => {
      const turn = fact.type === 'ToolCallEnded' ? state.turns[fact.data.turnId] : undefined;
      if (fact.type !== 'ToolCallEnded' || turn?.putOff?.[fact.data.callId] !== true) return [fact];
      const { turnId, agentId, callId } = fact.data;
      const unread = state.mail.inboxes[agentId]?.unread ?? [];
      return [fact, ...unread.map((mailId) => MailConsumed({ mailId, agentId, turnId, callId }))];
    }),
  ),
  'client-not-asked': inFacts(
    'a client that comes back is not believed to answer for its agents any more',
    (facts, state) =>
      facts.map((fact) => {
        if (fact.type !== 'ClientJoined' || state.agents[fact.data.agentId] === undefined) return fact;
        const { sampling: _, ...data } = fact.data;
        return ClientJoined(data);
      }),
  ),
  'client-takes-agents-along': inFacts(
    'what a client was asked when it went counts as a failure of its model',
    (facts, state) =>
      facts.flatMap((fact): HoldfastFact[] => {
        if (fact.type !== 'ClientLeft') return [fact];
        const asked = Object.values(state.turns).filter(
          (turn) => turn.rootId === fact.data.agentId && turn.client === undefined && asksModel(state, turn),
        );
        const failed = asked.flatMap(({ turnId, agentId }) =>
          servedByClient(state, agentId)
            ? [
                SamplingEnded({
                  turnId,
                  agentId,
                  n: state.agents[agentId]!.samplings + 1,
                  outcome: 'failed',
                  retryInMs: 10,
                }),
              ]
            : [],
        );
        return [fact, ...failed];
      }),
  ),
  'mail-goes-with-client': inFacts('mail that a client has not read when it goes is lost', (facts, state) =>
    facts.some((fact) => fact.type === 'TurnCompleted' && state.agents[fact.data.agentId]!.client !== undefined)
      ? without(facts, 'MailReturned')
      : facts,
  ),
};
