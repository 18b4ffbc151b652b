/** What a line of a Codex rollout waits for: the event of another agent's file that must have come before it. */
import type { Json } from '../record.ts';
import { contentText, listOf, objectOf, textOf } from '../shape.ts';
import type { Others } from '../teller.ts';
import { authorOf, endIn, notificationOf, oldestFrom } from './agents.ts';
import type { Thread } from './thread.ts';

type Waits = (thread: Thread, payload: Json, at: number, others: Others) => boolean;

/** It has ended in the eyes of its parent, and its own file has not told so yet. */
function ends({ retelling }: Thread, child: string | undefined, status: unknown, at: number, others: Others): boolean {
  if (child === undefined || endIn(status) === undefined || !others.mayTell(child, at)) return false;
  const agent = retelling.agent(child);
  return agent === undefined || agent.turnId !== undefined || agent.last.is === 'pending';
}

const notification: Waits = (thread, payload, at, others) => {
  const told = notificationOf(contentText(payload.content));
  return told !== undefined && ends(thread, told.child, told.status, at, others);
};

const activity = (thread: Thread, item: Json, at: number, others: Others): boolean => {
  const child = textOf(item.agent_thread_id);
  if (item.kind !== 'completed' || child === undefined || !others.mayTell(child, at)) return false;
  const turnId = (textOf(item.id) ?? textOf(item.event_id) ?? '').replace('subagent-completed-', '');
  const { retelling } = thread;
  return retelling.state.turns[turnId] !== undefined || !retelling.turns.has(turnId);
};

const delivery: Waits = (thread, payload, at, others) => {
  const path = textOf(payload.author);
  if (path === undefined || thread.retelling.turn(thread.agentId) === undefined) return false;
  const author = authorOf(thread, payload);
  return author !== undefined && oldestFrom(thread, author.agentId) === undefined && others.mayTell(author.agentId, at);
};

const task: Waits = ({ retelling, agentId, header }, _payload, at, others) => {
  if (header?.parentId === undefined || header.isV2 || retelling.agent(agentId) === undefined) return false;
  const { letters } = retelling.state.mail;
  const hasTask = retelling.unread(agentId).some((mailId) => letters[mailId]!.trigger);
  return !hasTask && others.mayTell(header.parentId, at);
};

const lines: Readonly<Record<string, Waits>> = {
  'event_msg/collab_waiting_end': (thread, payload, at, others) =>
    listOf(payload.agent_statuses).some((each) => {
      const { thread_id, status } = objectOf(each);
      return ends(thread, textOf(thread_id), status, at, others);
    }) || Object.entries(objectOf(payload.statuses)).some(([id, status]) => ends(thread, id, status, at, others)),
  'event_msg/collab_close_end': (thread, payload, at, others) =>
    ends(thread, textOf(payload.receiver_thread_id), payload.status, at, others),
  'response_item/message/user': notification,
  'event_msg/sub_agent_activity': activity,
  'event_msg/item_completed/SubAgentActivity': (thread, payload, at, others) =>
    activity(thread, objectOf(payload.item), at, others),
  'response_item/agent_message': delivery,
  inter_agent_communication: delivery,
  'event_msg/task_started': task,
  'event_msg/turn_started': task,
};

export function waits(thread: Thread, kind: string, payload: Json, at: number, others: Others): boolean {
  const { retelling, header, agentId, begun } = thread;
  if (!begun && header?.parentId !== undefined && retelling.agent(agentId) === undefined)
    return others.mayTell(header.parentId, at);
  if (thread.continues !== undefined && !begun) return retelling.state.turns[thread.continues] === undefined;
  if (thread.inherited) return false;
  return lines[kind]?.(thread, payload, at, others) ?? false;
}
