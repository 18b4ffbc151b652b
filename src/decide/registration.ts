/** Registrations of tasks: one per agent at a time, a bounded number at once, and what becomes of the turn that waits (TB3). */
import type { HoldfastFact } from '../../events/catalogue.ts';
import { IdentityRegistrationStarted } from '../../events/identity.ts';
import { TaskCleared, TaskRegistrationFailed, TaskRegistrationStarted } from '../../events/task.ts';
import type { Agent, Binding, State } from '../../projections/state.ts';
import { awaitsBinding } from '../../projections/taskBindings.ts';
import type { Context } from './decision.ts';
import { failure } from './ends.ts';
import type { Rule } from './settle.ts';

/** Registrations under way at once: enough to hide their latency, few enough that a start does not flood the registrar. */
export const registrationsMax = 8;

/** TB3: a registration that the account or the identity changed under is made once more. */
export const attemptsMax = 2;

/** The turn that cannot go on without a binding fails; the agent's next one tries again. */
export function failUnbound(state: State, ctx: Context, agentId: string, error: string): HoldfastFact[] {
  const { turnId } = state.agents[agentId]!;
  const turn = turnId === undefined ? undefined : state.turns[turnId];
  if (turn === undefined || !awaitsBinding(state, turn)) return [];
  return failure(state, ctx, turn, `no task binding: ${error}`);
}

/** A registration has come to nothing. */
export function endRegistration(
  state: State,
  ctx: Context,
  agentId: string,
  { error, willRetry }: { readonly error: string; readonly willRetry: boolean },
): HoldfastFact[] {
  const { key, identityEpoch, origin } = state.taskBindings.registering[agentId]!;
  const { runtimeId } = state.identities.current!;
  const of = { agentId: state.agents[agentId]!.agentId, runtimeId, identityEpoch, key };
  const failed = TaskRegistrationFailed({ ...of, error, willRetry });
  // Whoever waits for a prewarming or a renewal that failed registers by itself (TB2).
  if (willRetry || origin !== 'turn') return [failed];
  return [failed, ...failUnbound(state, ctx, agentId, error)];
}

/** Who waits for a turn comes first; without an identity that is registered before anybody's task. */
export const bind: Rule = (state, ctx) => {
  const { forTurns, toPrewarm, underWay, lostAttempts, newest } = state.taskBindings;
  const next = forTurns.first ?? toPrewarm.first;
  if (next === undefined || state.fleet.engine !== 'started') return [];
  const origin = forTurns.first === undefined ? 'prewarm' : 'turn';
  const { current, registering, newest: epoch, lostAttempts: lost } = state.identities;
  if (current === undefined) {
    const started = { key: ctx.id(), identityEpoch: epoch + 1, attempt: lost + 1, origin } as const;
    return registering === undefined ? [IdentityRegistrationStarted(started)] : [];
  }
  if (underWay >= registrationsMax) return [];
  const { agentId } = state.agents[next]!;
  const { runtimeId, identityEpoch } = current;
  const old = newest[next];
  const attempt = (lostAttempts[next] ?? 0) + 1;
  return [
    ...(old === undefined ? [] : [cleared(agentId, old, 'stale')]),
    TaskRegistrationStarted({ agentId, runtimeId, identityEpoch, key: ctx.id(), attempt, origin }),
  ];
};

/** Names the binding, so that it can clear no other. */
export const cleared = (
  agentId: Agent['agentId'],
  { taskId, identityEpoch }: Binding,
  reason: 'stale' | 'expired' | 'rejected' | 'operator',
  error?: string,
): HoldfastFact => TaskCleared({ agentId, taskId, identityEpoch, reason, ...(error !== undefined && { error }) });
