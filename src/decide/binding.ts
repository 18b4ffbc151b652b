/** Task bindings: answered by the registrar, over, rejected, renewed, taken away (TB3–TB5). */
import { TaskBound, TaskRegistrationStarted } from '../../events/task.ts';
import { SamplingEnded } from '../../events/turn.ts';
import { isStrict } from '../../projections/identities.ts';
import type { Agent, Binding, State } from '../../projections/state.ts';
import { bindingOf } from '../../projections/taskBindings.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, dropped } from './decision.ts';
import { failure } from './ends.ts';
import { loseIdentity } from './identity.ts';
import { withTarget } from './operator.ts';
import { attemptsMax, cleared, endRegistration, registrationsMax } from './registration.ts';
import { sampling } from './turn.ts';

const stale = dropped({ stale: true });

const agentOf = (state: State, agentId: string): Agent => state.agents[agentId]!;

/** The binding that a command names, if it is still the one that counts: a late word about an old one changes nothing (R32). */
function named(
  state: State,
  {
    agentId,
    taskId,
    identityEpoch,
  }: { readonly agentId: string; readonly taskId: string; readonly identityEpoch: number },
): Binding | undefined {
  const binding = bindingOf(state, agentId);
  return binding?.taskId === taskId && binding.identityEpoch === identityEpoch ? binding : undefined;
}

export function taskRegistered(state: State, ctx: Context, command: CommandOf<'taskRegistered'>): Decision {
  const { agentId, key, taskId, accountNow, expiresAt } = command;
  const registration = state.taskBindings.registering[agentId];
  if (registration?.key !== key) return stale;
  const { runtimeId, accountId, identityEpoch } = state.identities.current!;
  if (accountNow !== accountId) {
    const error = 'the account was changed while the task was being registered';
    return decided(loseIdentity(state, ctx, { reason: 'account-changed', error, agentId }), {});
  }
  const of = { agentId: agentOf(state, agentId).agentId, runtimeId, identityEpoch, key };
  const bound = { ...of, taskId, origin: registration.origin };
  return decided([TaskBound(expiresAt === undefined ? bound : { ...bound, expiresAt })], {});
}

export function taskRegistrationFailed(
  state: State,
  ctx: Context,
  { agentId, key, error, rejected }: CommandOf<'taskRegistrationFailed'>,
): Decision {
  const registration = state.taskBindings.registering[agentId];
  if (registration?.key !== key) return stale;
  // TB5: whom the registrar does not know any more is registered anew, once.
  if (rejected && registration.attempt < attemptsMax)
    return decided(loseIdentity(state, ctx, { reason: 'rejected', error, agentId }), {});
  return decided(endRegistration(state, ctx, agentId, { error, willRetry: false }), {});
}

/** Its time is over. */
export function taskExpired(state: State, ctx: Context, command: CommandOf<'taskExpired'>): Decision {
  const binding = named(state, command);
  if (binding?.expiresAt === undefined || binding.expiresAt > ctx.at) return stale;
  return decided([cleared(agentOf(state, command.agentId).agentId, binding, 'expired')], {});
}

/** TB5: 401 or 403 from whoever was shown the task. Once it is registered anew; a second time the turn fails. */
export function taskRejected(state: State, ctx: Context, command: CommandOf<'taskRejected'>): Decision {
  const turn = sampling(state, command);
  if (turn === undefined) return stale;
  const { turnId, agentId } = turn;
  const { n, error } = command;
  const binding = isStrict(state) ? undefined : named(state, command);
  const clear = binding === undefined ? [] : [cleared(agentId, binding, 'rejected', error)];
  const ended = { turnId, agentId, n, outcome: 'failed', error } as const;
  if (!isStrict(state) && turn.rejected === undefined)
    return decided([...clear, SamplingEnded({ ...ended, retryInMs: 0 })], {});
  return decided([...clear, SamplingEnded(ended), ...failure(state, ctx, turn, error)], {});
}

/** A turn may outlive its binding: another one is registered before that ends. */
export function renewTask(state: State, ctx: Context, command: CommandOf<'renewTask'>): Decision {
  const { agentId } = command;
  const { registering, underWay } = state.taskBindings;
  const agent = agentOf(state, agentId);
  if (named(state, command) === undefined || agent.turnId === undefined || registering[agentId] !== undefined)
    return stale;
  if (underWay >= registrationsMax) return dropped({ again: true });
  const { runtimeId, identityEpoch } = state.identities.current!;
  const of = { agentId: agent.agentId, runtimeId, identityEpoch, key: ctx.id<string>() };
  return decided([TaskRegistrationStarted({ ...of, attempt: 1, origin: 'renewal' })], {});
}

/** The operator takes an agent's task away: its next sampling waits for another one. */
export const unbind = (state: State, _ctx: Context, { target }: CommandOf<'unbind'>): Decision =>
  withTarget(state, target, ({ agentId, path }) => {
    const binding = bindingOf(state, agentId);
    const facts = binding === undefined ? [] : [cleared(agentId, binding, 'operator')];
    return decided(facts, { path, unbound: binding !== undefined });
  });
