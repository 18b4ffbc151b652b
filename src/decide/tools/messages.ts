/** `send_message` and `followup_task`: mail that starts no turn, and mail that does (MA1, MA2). */
import * as t from 'io-ts';
import { closed } from '../../../events/closed.ts';
import type { MailId } from '../../../events/ids.ts';
import { MailAccepted } from '../../../events/mail.ts';
import type { Agent, State } from '../../../projections/state.ts';
import type { Context } from '../decision.ts';
import { freeSlots, isRoot, treeOf } from '../grant.ts';
import { findTarget } from '../paths.ts';
import { slotRefusal } from '../refusals.ts';
import { type Effect, error, ok, refusedCall, type Tool, targetIs } from './tool.ts';

const MessageArgs = closed(t.type({ target: t.string, message: t.string }), 'message arguments');
type MessageArgs = t.TypeOf<typeof MessageArgs>;

/** A follow-up to an idle agent needs a slot now, or a queue; one to a running or queued agent is never refused (SL6). */
export const needsSlotNow = (state: State, target: Agent): boolean =>
  !isRoot(target) &&
  target.turnId === undefined &&
  state.slots.queuedBy[target.agentId] === undefined &&
  state.fleet.limits.whenFull === 'refuse' &&
  freeSlots(state, treeOf(state, target)) <= 0;

const deliver =
  (kind: 'message' | 'followup') =>
  (state: State, ctx: Context, caller: Agent, args: MessageArgs): Effect => {
    if (args.message.trim() === '') return { end: error("Empty message can't be sent to an agent") };
    const found = findTarget(state, caller, args.target);
    if (found._tag === 'Left') return refusedCall('', found.left);
    const target = found.right;
    if (kind === 'followup') {
      if (isRoot(target)) return { end: error("Follow-up tasks can't target the root agent") };
      if (needsSlotNow(state, target)) {
        const { agentId, path } = target;
        return refusedCall('collab tool failed: ', slotRefusal(state, ctx, target, 'followup', { agentId, path }));
      }
    }
    const mail = MailAccepted({
      mailId: ctx.id<MailId>(),
      from: caller.agentId,
      fromPath: caller.path,
      to: target.agentId,
      kind,
      trigger: kind === 'followup',
      text: args.message,
    });
    return { facts: [mail], end: ok('') };
  };

export const sendMessage: Tool<MessageArgs> = {
  name: 'send_message',
  description:
    'Sends a message to an agent of your tree. It is read at its next step, or with its next turn; it starts no turn.',
  args: MessageArgs,
  parameters: {
    target: targetIs,
    message: 'What it is to read, as plain text.',
  },
  decide: deliver('message'),
};

export const followupTask: Tool<MessageArgs> = {
  name: 'followup_task',
  description:
    'Gives an agent (not the root) another task. An idle agent starts a turn; a busy one reads it at its next step, or in a turn that follows.',
  args: MessageArgs,
  parameters: { target: targetIs, message: 'The task, as plain text.' },
  decide: deliver('followup'),
};
