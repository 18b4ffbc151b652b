/** Planted defects of execution slots: leaks, and limits that are checked too early or not at all. */
import { believing, firstOf, inDecisions, inFacts, nextCall, type Plant, without } from './plant.ts';

/** More slots than anybody asks for. */
const plenty = 1_000_000;

export const slotPlants: Readonly<Record<string, Plant>> = {
  R1: inFacts(
    'an interruption takes away the turn that is just starting: its slot is committed and stays so, and the turn starts again on another',
    (facts, _state, batch) => {
      const agentId = firstOf(facts, 'TurnStarted')?.data.agentId;
      const aborted = batch.some((e) => e.type === 'TurnInterrupted' && e.data.agentId === agentId);
      const again = batch.some((e) => e.type === 'SlotCommitted' && e.data.agentId === agentId);
      return !aborted || again || firstOf(facts, 'SlotCommitted') === undefined
        ? facts
        : without(facts, 'TurnStarted', 'MailConsumed');
    },
  ),
  R2: inFacts('the target is closed between admission and run: nobody gives its slot back', (facts) => {
    const closed = new Set(facts.flatMap((fact) => (fact.type === 'AgentClosed' ? [fact.data.agentId] : [])));
    return facts.filter((fact) => fact.type !== 'SlotReleased' || !closed.has(fact.data.agentId));
  }),
  R5: {
    says: 'a turn that the operator starts on an idle agent is not held against the limit',
    engine: () => ({
      decide: (real, state, ctx, command) =>
        real(
          command.do === 'send' && command.followup ? believing(state, { activeTurns: plenty }) : state,
          ctx,
          command,
        ),
      facts: (facts, _state, batch) =>
        facts.filter(
          (fact) =>
            fact.type !== 'TurnQueued' ||
            !batch.some(
              (e) => e.type === 'MailAccepted' && e.data.kind === 'operator' && e.data.to === fact.data.agentId,
            ),
        ),
    }),
  },
  R6: inDecisions('two spawns see the same last free slot, and both start', (real, state, ctx, command) => {
    const call = command.do === 'carryOut' ? nextCall(state, command.turnId) : undefined;
    const held = call?.tool === 'spawn_agent' ? state.slots.trees[call.caller.rootId]!.heldCount : 0;
    const { activeTurns } = state.fleet.limits;
    return real(held > 0 ? believing(state, { activeTurns: activeTurns + 1 }) : state, ctx, command);
  }),
  'lost-release-on-abort': inFacts('an interrupted turn keeps its slot', (facts) =>
    facts.filter((fact) => fact.type !== 'SlotReleased' || fact.data.reason !== 'interrupted'),
  ),
};
