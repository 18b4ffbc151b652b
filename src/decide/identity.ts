/** The identity of the fleet as the registrar's answers and the key file have it: registered, failed, lost (TB1, TB4). */
import type { HoldfastFact } from '../../events/catalogue.ts';
import {
  IdentityCleared,
  type IdentityLossReason,
  IdentityRegistered,
  IdentityRegistrationFailed,
} from '../../events/identity.ts';
import { TaskCleared } from '../../events/task.ts';
import { isStrict } from '../../projections/identities.ts';
import { inOrder } from '../../projections/order.ts';
import type { Identity, State } from '../../projections/state.ts';
import { bindingOf } from '../../projections/taskBindings.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, dropped } from './decision.ts';
import { failure } from './ends.ts';
import { attemptsMax, endRegistration, failUnbound } from './registration.ts';

const stale = dropped({ stale: true });

/** What a look at the account and the key file found. */
export interface IdentitySeen {
  readonly accountId: string;
  /** Of the key in the file; absent: there is none that can be used. */
  readonly publicKey?: string;
  /** The file is there and holds no key. */
  readonly damaged?: boolean;
}

/** Why an identity is not the one at hand; undefined when it is. */
export function lossOf(identity: Identity, seen: IdentitySeen): IdentityLossReason | undefined {
  if (seen.accountId !== identity.accountId) return 'account-changed';
  if (seen.publicKey === undefined) return seen.damaged === true ? 'key-damaged' : 'key-missing';
  return seen.publicKey === identity.publicKey ? undefined : 'key-foreign';
}

interface Loss {
  readonly reason: IdentityLossReason;
  readonly error: string;
  /** Whose registration showed it; absent: a look at the start of the engine, where attempts are counted anew. */
  readonly agentId?: string;
}

/**
 * The identity counts no more, and whatever is being registered under it is made void in the same batch, so that no
 * answer can come that belongs to another identity (R35, R37). A strict fleet keeps it, and only who met the loss fails.
 */
export function loseIdentity(state: State, ctx: Context, { reason, error, agentId }: Loss): HoldfastFact[] {
  const { runtimeId, identityEpoch } = state.identities.current!;
  const { registering } = state.taskBindings;
  if (isStrict(state)) {
    const met = agentId !== undefined && registering[agentId] !== undefined;
    return met ? endRegistration(state, ctx, agentId, { error, willRetry: false }) : [];
  }
  const underWay = Object.keys(registering).sort();
  return [
    IdentityCleared({ runtimeId, identityEpoch, reason, error }),
    ...underWay.flatMap((id) => {
      const willRetry = agentId === undefined || registering[id]!.attempt < attemptsMax;
      return endRegistration(state, ctx, id, { error, willRetry });
    }),
  ];
}

/** TB4, at a start of the engine: what the last life left is good, or it is cleared and the log says so (R34). */
export function restore(state: State, ctx: Context, seen: IdentitySeen | undefined): HoldfastFact[] {
  const { current } = state.identities;
  if (current === undefined) return [];
  const reason = seen === undefined || isStrict(state) ? undefined : lossOf(current, seen);
  if (reason !== undefined) return loseIdentity(state, ctx, { reason, error: 'found at the start of the engine' });
  return Object.values(state.turns)
    .sort((a, b) => a.position - b.position)
    .flatMap(({ agentId }) => {
      const { taskId, identityEpoch, expiresAt = Infinity } = bindingOf(state, agentId) ?? {};
      if (taskId === undefined || identityEpoch === undefined || expiresAt > ctx.at) return [];
      return [TaskCleared({ agentId, taskId, identityEpoch, reason: 'expired' })];
    });
}

export function identityRegistered(state: State, ctx: Context, command: CommandOf<'identityRegistered'>): Decision {
  const { key, runtimeId, accountId, publicKey, accountNow } = command;
  const { registering } = state.identities;
  if (registering?.key !== key) return stale;
  if (accountNow !== accountId)
    return decided(failed(state, ctx, 'the account was changed while its agent was being registered', true), {});
  const { identityEpoch } = registering;
  return decided([IdentityRegistered({ key, runtimeId, accountId, publicKey, identityEpoch })], {});
}

export function identityRegistrationFailed(
  state: State,
  ctx: Context,
  { key, error }: CommandOf<'identityRegistrationFailed'>,
): Decision {
  return state.identities.registering?.key === key ? decided(failed(state, ctx, error, false), {}) : stale;
}

/** Whoever waits for it with a turn fails, unless it was only a prewarming (TB2, TB3). */
function failed(state: State, ctx: Context, error: string, changed: boolean): HoldfastFact[] {
  const { key, identityEpoch, attempt, origin } = state.identities.registering!;
  const willRetry = changed && attempt < attemptsMax;
  const fact = IdentityRegistrationFailed({ key, identityEpoch, error, willRetry });
  if (willRetry || origin === 'prewarm') return [fact];
  const waiting = [...inOrder(state.taskBindings.forTurns)];
  return [fact, ...waiting.flatMap((agentId) => failUnbound(state, ctx, agentId, error))];
}

/** The identity is not at hand when it is to be used: by a registration, or by a turn that is about to ask its model. */
export function identityLost(
  state: State,
  ctx: Context,
  { identityEpoch, reason, error, agentId, turnId }: CommandOf<'identityLost'>,
): Decision {
  if (state.identities.current?.identityEpoch !== identityEpoch) return stale;
  if (!isStrict(state) || turnId === undefined)
    return decided(loseIdentity(state, ctx, { reason, error, agentId }), {});
  const turn = state.turns[turnId];
  if (turn === undefined || turn.phase !== 'sampling' || turn.parked !== undefined) return stale;
  return decided(failure(state, ctx, turn, error), {});
}
