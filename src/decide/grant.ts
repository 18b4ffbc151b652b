/** Grants: what starts a turn, with everything that must land together: slot, residency, start, mail (SL2–SL4, RE4). */
import * as agentFacts from '../../events/agent.ts';
import type { DataOf, HoldfastFact } from '../../events/catalogue.ts';
import type { MailId, ReservationId, TurnId } from '../../events/ids.ts';
import * as mailFacts from '../../events/mail.ts';
import * as slotFacts from '../../events/slot.ts';
import * as turnFacts from '../../events/turn.ts';
import { inOrder } from '../../projections/order.ts';
import type { Agent, State, Tree, Turn } from '../../projections/state.ts';
import type { Context, NewAgent } from './decision.ts';

type LoadReason = DataOf<'AgentLoaded'>['reason'];
type Purpose = DataOf<'SlotReserved'>['purpose'];

export const isRoot = (agent: Agent): boolean => agent.parentId === undefined;

export const treeOf = (state: State, agent: { readonly rootId: string }): Tree => state.slots.trees[agent.rootId]!;

/** Slots that nobody holds and nobody waits for. Lowering the limit can make it negative. */
export const freeSlots = (state: State, tree: Tree): number =>
  state.fleet.limits.activeTurns - tree.heldCount - tree.queue.size;

/**
 * Loads an agent, evicting others if the residents would be more than their limit (I5). A root takes no place, but a load of
 * one is a load like any other: who is beyond the limit by then goes. `slotsMore`: slots reserved in the same batch before.
 */
export function load(
  state: State,
  agentId: Agent['agentId'],
  reason: LoadReason,
  slotsMore: number,
  root = false,
): HoldfastFact[] {
  const { present, count, idle } = state.residents;
  if (present[agentId] !== undefined) return [];
  const loaded = agentFacts.AgentLoaded({ agentId, reason });
  const capacity = Math.max(state.fleet.limits.residents, state.slots.held + slotsMore + 1);
  const facts: HoldfastFact[] = [];
  let over = count + (root ? 0 : 1) - capacity;
  for (const victim of inOrder(idle)) {
    if (over <= 0) break;
    facts.push(agentFacts.AgentEvicted({ agentId: victim as Agent['agentId'], reason: 'lru', wantedBy: agentId }));
    over -= 1;
  }
  return [...facts, loaded];
}

const unreadOf = (state: State, agentId: string): readonly MailId[] => state.mail.inboxes[agentId]?.unread ?? [];

/** MA3: a turn takes all unread mail, in order of acceptance. */
export const takeMail = (state: State, agentId: Agent['agentId'], turnId: TurnId): HoldfastFact[] =>
  unreadOf(state, agentId).map((mailId) => mailFacts.MailConsumed({ mailId, agentId, turnId }));

/** Starts a turn of a known agent: a root needs no slot. */
export function startTurn(
  state: State,
  ctx: Context,
  agent: Agent,
  purpose: Purpose,
  reason: LoadReason,
): HoldfastFact[] {
  const { agentId, rootId } = agent;
  const turnId = ctx.id<TurnId>();
  const mailIds = [...unreadOf(state, agentId)];
  if (isRoot(agent)) {
    return [
      ...load(state, agentId, reason, 0, true),
      turnFacts.TurnStarted({ turnId, agentId, rootId, mailIds }),
      ...takeMail(state, agentId, turnId),
    ];
  }
  const reservationId = ctx.id<ReservationId>();
  return [
    slotFacts.SlotReserved({ reservationId, agentId, rootId, purpose }),
    ...load(state, agentId, reason, 1),
    slotFacts.SlotCommitted({ reservationId, agentId, rootId, turnId }),
    turnFacts.TurnStarted({ turnId, agentId, rootId, reservationId, mailIds }),
    ...takeMail(state, agentId, turnId),
  ];
}

/** A parked turn takes a slot again and goes on (SL10). */
export function unpark(state: State, ctx: Context, agent: Agent, turn: Turn): HoldfastFact[] {
  const { agentId, rootId } = agent;
  const { turnId } = turn;
  const reservationId = ctx.id<ReservationId>();
  return [
    slotFacts.SlotReserved({ reservationId, agentId, rootId, purpose: 'unpark' }),
    ...load(state, agentId, 'unparked', 1),
    slotFacts.SlotCommitted({ reservationId, agentId, rootId, turnId }),
    turnFacts.TurnUnparked({ turnId, agentId, reservationId, by: ctx.by }),
    ...takeMail(state, agentId, turnId),
  ];
}

/** A new agent and its first turn, all or nothing (SL3). */
export function startNew(state: State, ctx: Context, { spawned, mail }: NewAgent): HoldfastFact[] {
  const { agentId, rootId } = spawned;
  const turnId = ctx.id<TurnId>();
  const { mailId } = mail;
  const birth = [agentFacts.AgentSpawned(spawned), mailFacts.MailAccepted(mail)];
  const consumed = mailFacts.MailConsumed({ mailId, agentId, turnId });
  if (spawned.parentId === undefined) {
    return [
      birth[0]!,
      ...load(state, agentId, 'spawned', 0, true),
      birth[1]!,
      turnFacts.TurnStarted({ turnId, agentId, rootId, mailIds: [mailId] }),
      consumed,
    ];
  }
  const reservationId = ctx.id<ReservationId>();
  return [
    slotFacts.SlotReserved({ reservationId, agentId, rootId, purpose: 'spawn' }),
    ...birth,
    ...load(state, agentId, 'spawned', 1),
    slotFacts.SlotCommitted({ reservationId, agentId, rootId, turnId }),
    turnFacts.TurnStarted({ turnId, agentId, rootId, reservationId, mailIds: [mailId] }),
    consumed,
  ];
}
