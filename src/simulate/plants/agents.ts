/** Planted defects of identity: agents half born, forgotten, or reached from another tree. */
import { inDecisions, inFacts, nextCall, type Plant, without } from './plant.ts';

export const agentPlants: Readonly<Record<string, Plant>> = {
  R3: inDecisions('an id is enough to reach an agent of another tree', (real, state, ctx, command) => {
    const call = command.do === 'carryOut' ? nextCall(state, command.turnId) : undefined;
    const told = call?.tool === 'send_message' || call?.tool === 'followup_task' ? call : undefined;
    const target = String(told?.args.target);
    const agent = told !== undefined && Object.hasOwn(state.agents, target) ? state.agents[target] : undefined;
    if (told === undefined || agent === undefined) return real(state, ctx, command);
    const neighbour = { ...agent, rootId: told.caller.rootId };
    return real({ ...state, agents: { ...state.agents, [target]: neighbour } }, ctx, command);
  }),
  R18: inFacts('the first mail of a new agent cannot be delivered, and the agent stays', (facts) => {
    const spawned = facts.find((fact) => fact.type === 'AgentSpawned' && fact.data.parentId !== undefined);
    // A text that came with half a character in it.
    const broken = facts.some(
      (fact) => fact.type === 'MailAccepted' && typeof fact.data.text === 'string' && fact.data.text.includes('\ufffd'),
    );
    if (spawned === undefined || !broken) return facts;
    return without(facts, 'MailAccepted', 'SlotReserved', 'SlotCommitted', 'TurnStarted', 'TurnQueued', 'MailConsumed');
  }),
  R30: inDecisions(
    'the edge to the newest agent was never written: after a start nobody knows it, and its path is free',
    (real, state, ctx, command) => {
      const newest = Object.values(state.agents).findLast((a) => a.parentId !== undefined && a.last.is !== 'closed');
      if (command.do === 'start' && newest !== undefined) {
        delete state.agents[newest.parentId!]!.children?.[newest.path];
      }
      return real(state, ctx, command);
    },
  ),
};
