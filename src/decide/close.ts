/** Closing: one batch over a subtree, leaves first, permanent (PA4). */
import { AgentClosed } from '../../events/agent.ts';
import type { HoldfastFact } from '../../events/catalogue.ts';
import { MailRejected } from '../../events/mail.ts';
import type { Agent, State } from '../../projections/state.ts';
import { cellTermination, liveCells } from './cellEnds.ts';
import type { Context } from './decision.ts';
import { interruption } from './ends.ts';
import { liveOf } from './leases.ts';
import { stopping } from './stops.ts';

function closeOne(state: State, ctx: Context, agent: Agent, reason: string): HoldfastFact[] {
  const { agentId, rootId } = agent;
  const turn = agent.turnId === undefined ? undefined : state.turns[agent.turnId];
  // What the interruption returns is unread again, before what came in later.
  const unread = [...(turn?.fresh ?? []), ...(state.mail.inboxes[agentId]?.unread ?? [])];
  return [
    ...liveCells(state, agentId).flatMap((cell) => cellTermination(state, ctx, cell, reason)),
    ...interruption(state, ctx, agent, reason, 'closed'),
    ...unread.map((mailId) => MailRejected({ mailId, agentId, reason: 'closed' })),
    ...stopping(liveOf(state, agentId), 'closed', ctx.by),
    AgentClosed({ agentId, rootId, reason }),
  ];
}

/** `agents`: a subtree, leaves first. */
export const closure = (state: State, ctx: Context, agents: readonly Agent[], reason: string): HoldfastFact[] =>
  agents.flatMap((agent) => closeOne(state, ctx, agent, reason));
