/** Planted defects of residency: who is in memory is counted wrongly, evicted wrongly, or in the way of a command. */
import { AgentEvicted } from '../../../events/agent.ts';
import type { HoldfastFact } from '../../../events/catalogue.ts';
import type { AgentId } from '../../../events/ids.ts';
import { inOrder, remove } from '../../../projections/order.ts';
import type { State } from '../../../projections/state.ts';
import type { Command } from '../../decide/command.ts';
import { load } from '../../decide/grant.ts';
import { findForOperator, findTarget } from '../../decide/paths.ts';
import { believing, firstOf, inDecisions, inFacts, nextCall, type Plant, without } from './plant.ts';

const unread = (state: State, agentId: string): number => state.mail.inboxes[agentId]?.unread.length ?? 0;

/** Each that would go for want of room is another: `instead` gives it, or nobody. */
const otherVictims =
  (instead: (state: State, victim: AgentId, wantedBy: string) => string | undefined) =>
  (facts: readonly HoldfastFact[], state: State): HoldfastFact[] =>
    facts.flatMap((fact) => {
      if (fact.type !== 'AgentEvicted' || fact.data.reason !== 'lru') return [fact];
      const agentId = instead(state, fact.data.agentId, fact.data.wantedBy ?? '');
      return agentId === undefined ? [] : [AgentEvicted({ ...fact.data, agentId: agentId as AgentId })];
    });

/** Whom an interruption or a closing is about, whoever asks for it. */
function interrupted(state: State, command: Command): AgentId | undefined {
  const call = command.do === 'carryOut' ? nextCall(state, command.turnId) : undefined;
  const found =
    command.do === 'interrupt' || command.do === 'close'
      ? findForOperator(state, command.target)
      : call?.tool === 'interrupt_agent' && typeof call.args.target === 'string'
        ? findTarget(state, call.caller, call.args.target)
        : undefined;
  return found?._tag === 'Right' ? found.right.agentId : undefined;
}

export const residencyPlants: Readonly<Record<string, Plant>> = {
  R7: inDecisions(
    'mail touches an agent back that is being evicted: its ghost makes the next follow-up fail for want of a slot',
    (real, state, ctx, command) => {
      const call = command.do === 'carryOut' ? nextCall(state, command.turnId) : undefined;
      const found =
        command.do === 'send' && command.followup
          ? findForOperator(state, command.target)
          : call?.tool === 'followup_task' && typeof call.args.target === 'string'
            ? findTarget(state, call.caller, call.args.target)
            : undefined;
      if (found?._tag !== 'Right') return real(state, ctx, command);
      const { agentId } = found.right;
      const ghost = state.residents.present[agentId] === undefined && unread(state, agentId) > 0;
      return real(ghost ? believing(state, { activeTurns: 0, whenFull: 'refuse' }) : state, ctx, command);
    },
  ),
  R9: inFacts('two loads at once count on the same room, and only one makes some', (facts, _state, batch) =>
    batch.some((event) => event.type === 'AgentLoaded') && firstOf(facts, 'AgentLoaded') !== undefined
      ? without(facts, 'AgentEvicted')
      : facts,
  ),
  R10: inDecisions(
    'an interruption cancels whoever makes room: the agent that was to go stays in memory, and no list knows it',
    (real, state, ctx, command) => {
      const { idle, present } = state.residents;
      const hit = interrupted(state, command);
      const makesRoom = hit !== undefined && state.slots.queuedBy[hit] !== undefined && present[hit] === undefined;
      if (makesRoom && idle.first !== undefined) remove(idle, idle.first);
      return real(state, ctx, command);
    },
  ),
  R12: inFacts(
    'unread mail pins an agent in memory: others go before it',
    otherVictims((state, victim) => {
      if (unread(state, victim) === 0) return victim;
      const order = [...inOrder(state.residents.idle)];
      return order.slice(order.indexOf(victim)).find((id) => unread(state, id) === 0);
    }),
  ),
  R16: inFacts('two deliveries to an evicted agent load it twice', (facts, state) =>
    facts.flatMap((fact) =>
      fact.type === 'AgentLoaded' && unread(state, fact.data.agentId) > 1 ? [fact, fact] : [fact],
    ),
  ),
  R17: inFacts('a follow-up is refused after its target was loaded for it', (facts, state) =>
    facts.flatMap((fact) =>
      fact.type === 'SlotRefused' && fact.data.purpose === 'followup' && fact.data.agentId !== undefined
        ? [...load(state, fact.data.agentId, 'followup', 1), fact]
        : [fact],
    ),
  ),
  'eviction-in-mid-turn': inFacts(
    'the least recently used goes, whether it runs or not',
    otherVictims((state, victim, wantedBy) => {
      const { present } = state.residents;
      const others = Object.keys(present).filter((id) => id !== wantedBy && state.agents[id]!.parentId !== undefined);
      return others.sort((a, b) => present[a]! - present[b]!)[0] ?? victim;
    }),
  ),
};
