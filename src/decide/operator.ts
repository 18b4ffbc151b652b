/** What an operator asks of a fleet that is open: mail, interruption, closing, eviction, limits. The operator may do everything (PA5). */
import type * as t from 'io-ts';
import { AgentEvicted } from '../../events/agent.ts';
import { LimitsChanged, LimitsNow } from '../../events/fleet.ts';
import type { MailId } from '../../events/ids.ts';
import { MailAccepted } from '../../events/mail.ts';
import { inOrder, isIn } from '../../projections/order.ts';
import { subtree } from '../../projections/paths.ts';
import type { Agent, State } from '../../projections/state.ts';
import { statusOf } from '../../projections/status.ts';
import { closure } from './close.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, refused } from './decision.ts';
import { interruption } from './ends.ts';
import { findForOperator } from './paths.ts';
import { slotRefusal } from './refusals.ts';
import { needsSlotNow } from './tools/messages.ts';

export const withTarget = (state: State, target: string, then: (agent: Agent) => Decision): Decision => {
  const found = findForOperator(state, target);
  return found._tag === 'Left' ? found : then(found.right);
};

export const send = (state: State, ctx: Context, { target, text, followup }: CommandOf<'send'>): Decision =>
  withTarget(state, target, (agent) => {
    if (text.trim() === '')
      return refused('HOLDFAST_EMPTY_MESSAGE', "Empty message can't be sent to an agent", 'say something');
    const trigger = followup === true;
    const { agentId, path } = agent;
    if (trigger && needsSlotNow(state, agent)) {
      const refusal = slotRefusal(state, ctx, agent, 'followup', { agentId, path });
      return { _tag: 'Left', left: refusal };
    }
    const mailId = ctx.id<MailId>();
    return decided([MailAccepted({ mailId, from: 'operator', to: agentId, kind: 'operator', trigger, text })], {
      mailId,
      agentId,
      path,
    });
  });

export const interrupt = (state: State, ctx: Context, { target, cascade }: CommandOf<'interrupt'>): Decision =>
  withTarget(state, target, (agent) => {
    const hit = cascade === true ? subtree(state, agent) : [agent];
    const facts = hit.flatMap((a) => interruption(state, ctx, a, 'interrupted by the operator', 'interrupted'));
    return decided(facts, {
      path: agent.path,
      previousStatus: statusOf(state, agent).is,
      interrupted: facts.length > 0,
    });
  });

export const close = (state: State, ctx: Context, { target, reason }: CommandOf<'close'>): Decision =>
  withTarget(state, target, (agent) => {
    const agents = subtree(state, agent);
    return decided(closure(state, ctx, agents, reason ?? 'closed by the operator'), {
      path: agent.path,
      closed: agents.length,
    });
  });

export const evict = (state: State, _ctx: Context, { target }: CommandOf<'evict'>): Decision =>
  withTarget(state, target, (agent) => {
    const { agentId, path } = agent;
    if (state.residents.present[agentId] === undefined) return decided([], { path, evicted: false });
    if (!isIn(state.residents.idle, agentId)) {
      const evictable = [...inOrder(state.residents.idle)].map((id) => state.agents[id]!.path);
      return refused(
        'HOLDFAST_NOT_EVICTABLE',
        `${path} is a root or in the middle of a turn`,
        'interrupt it first, or evict another',
        {
          details: { evictable },
        },
      );
    }
    return decided([AgentEvicted({ agentId, reason: 'operator' })], { path, evicted: true });
  });

const Changed = LimitsChanged.data;
const changeable = Object.keys(LimitsNow.props);

export function changeLimits(_state: State, _ctx: Context, { limits }: CommandOf<'changeLimits'>): Decision {
  const data = { limits };
  const unknown = Object.keys(limits).find((name) => !changeable.includes(name));
  if (unknown !== undefined) {
    return refused(
      'HOLDFAST_BAD_LIMITS',
      `there is no limit ${unknown} that can be changed`,
      `name one of ${changeable.join(', ')}`,
      { details: { limit: unknown } },
    );
  }
  const whole = Object.values(limits).every(
    (value) => typeof value === 'string' || (Number.isSafeInteger(value) && (value as number) >= 0),
  );
  if (!Changed.is(data) || !whole) {
    return refused(
      'HOLDFAST_BAD_LIMITS',
      'limits are whole numbers from 0, whenFull is refuse or queue',
      'see `limits` of the fleet file',
    );
  }
  return decided([LimitsChanged(data as t.TypeOf<typeof Changed>)], { limits });
}
