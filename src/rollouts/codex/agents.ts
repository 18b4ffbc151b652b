/** Agents of Codex rollouts: spawns and refusals, messages, waits and closes, of both generations of its tools. */
import type { AgentId } from '../../../events/ids.ts';
import { agentAt } from '../../../projections/paths.ts';
import type { Agent } from '../../../projections/state.ts';
import type { Json } from '../record.ts';
import { contentText, listOf, numberOf, objectOf, textOf, timeOf } from '../shape.ts';
import type { Thread } from './thread.ts';

const fernet = /^gAAAA[\w=-]{20,}$/;

/** Bodies that only the backend can read are not guessed. */
const readable = (text: string): string => (fernet.test(text) ? `[encrypted, ${text.length} characters]` : text);

/** An agent that the parent spawns: named by an event of the parent, or by the header of its own file. */
export function spawnChild(
  thread: Thread,
  parent: Agent,
  child: {
    readonly id: string;
    readonly name: string;
    readonly model: string;
    readonly prompt?: string;
    readonly callId?: string;
  } & {
    readonly role?: string;
    readonly effort?: string;
    readonly at?: number;
  },
): void {
  const { retelling } = thread;
  if (retelling.agent(child.id) !== undefined) return;
  const call = child.callId === undefined ? undefined : retelling.call(parent.agentId, child.callId);
  const args = objectOf(call?.args);
  const isFork = args.fork_context === true || (args.fork_turns !== undefined && args.fork_turns !== 'none');
  const turns = Number(args.fork_turns);
  retelling.spawn(
    child.id,
    parent,
    {
      name: child.name,
      model: child.model,
      cwd: parent.cwd,
      role: child.role,
      effort: child.effort,
      config: {},
      ...(isFork && {
        forkedFrom: {
          agentId: parent.agentId,
          position: retelling.state.position,
          turns: Number.isSafeInteger(turns) && turns > 0 ? turns : ('all' as const),
        },
      }),
    },
    {
      mark: child.callId === undefined ? 'inferred' : 'written',
      by: `agent:${parent.agentId}`,
      ...(call !== undefined && { cause: call.position, asked: call.at }),
      ...(child.at !== undefined && { at: child.at }),
    },
  );
  if (child.prompt === undefined) return;
  const mail = { id: `${child.id}/task`, from: parent.agentId, to: child.id, kind: 'spawn', trigger: true } as const;
  retelling.accept(mail, readable(child.prompt), 'written', call === undefined ? {} : { cause: call.position });
}

/** `collab_agent_spawn_end`: a thread id when it worked, none when the limit refused it. */
export function spawnEnded(thread: Thread, payload: Json): void {
  const { retelling, agentId } = thread;
  const parent = retelling.agent(agentId);
  const callId = textOf(payload.call_id);
  if (parent === undefined || callId === undefined) return;
  const id = textOf(payload.new_thread_id);
  const call = retelling.call(agentId, callId);
  if (id === undefined) {
    const told = call === undefined ? {} : { cause: call.position };
    if (call !== undefined) thread.refused = call.position;
    retelling.computed.refuse(parent, retelling.computed.policy(parent.rootId).slots, told);
    return;
  }
  spawnChild(thread, parent, {
    id,
    callId,
    name: textOf(payload.new_agent_nickname) ?? textOf(objectOf(call?.args).agent_type) ?? 'agent',
    model: textOf(payload.model) || 'unknown',
    role: textOf(payload.new_agent_role),
    effort: textOf(payload.reasoning_effort),
    prompt: textOf(payload.prompt) ?? '',
  });
}

/** `send_input`: mail that starts a turn, or goes into the one that runs. */
export function inputSent(thread: Thread, payload: Json): void {
  const { retelling, agentId } = thread;
  const to = textOf(payload.receiver_thread_id);
  const callId = textOf(payload.call_id) ?? '';
  if (to === undefined || retelling.agent(to) === undefined) return;
  const call = retelling.call(agentId, callId);
  const mail = { id: `${agentId}/${callId}`, from: agentId, to, kind: 'followup', trigger: true } as const;
  retelling.accept(mail, textOf(payload.prompt) ?? '', 'written', call === undefined ? {} : { cause: call.position });
}

export function closed(thread: Thread, payload: Json): void {
  const { retelling, agentId } = thread;
  const target = textOf(payload.receiver_thread_id);
  if (target === undefined) return;
  const call = retelling.call(agentId, textOf(payload.call_id) ?? '');
  retelling.close(target, 'closed by its parent', 'written', {
    by: `agent:${agentId}`,
    ...(call !== undefined && { cause: call.position }),
  });
}

/** `sub_agent_activity`, or the item of the same name. */
export function activity(thread: Thread, item: Json, at: number | undefined, bytes: number): void {
  const { retelling, agentId } = thread;
  const parent = retelling.agent(agentId);
  const callId = textOf(item.id) ?? textOf(item.event_id) ?? '';
  const id = textOf(item.agent_thread_id);
  const path = textOf(item.agent_path) ?? '';
  const call = retelling.call(agentId, callId);
  const told = { ...(call !== undefined && { cause: call.position }), ...(at !== undefined && { at }) };
  if (parent === undefined || id === undefined) return;
  const args = objectOf(call?.args);
  switch (item.kind) {
    case 'started':
      spawnChild(thread, parent, {
        id,
        callId,
        name: path.slice(path.lastIndexOf('/') + 1),
        model: textOf(item.model) ?? 'unknown',
        effort: textOf(item.reasoning_effort),
        prompt: textOf(args.message) ?? '',
        ...(at !== undefined && { at }),
      });
      return;
    case 'interacted': {
      if (retelling.agent(id) === undefined || call === undefined) return;
      const isTask = call.tool === 'followup_task';
      const kind = isTask ? 'followup' : 'message';
      const mail = { id: `${agentId}/${callId}`, from: agentId, to: id, kind, trigger: isTask } as const;
      retelling.accept(mail, readable(textOf(args.message) ?? ''), 'written', told);
      return;
    }
    case 'completed': {
      const turn = callId.startsWith('subagent-completed-') ? callId.slice('subagent-completed-'.length) : undefined;
      const last = retelling.agent(id)?.last.message ?? '';
      const mail = { id: callId, from: id, to: agentId, kind: 'completion', trigger: false } as const;
      if (retelling.agent(id) !== undefined)
        retelling.accept(mail, last, 'written', { ...told, ...(turn !== undefined && { ofTurn: turn }) });
      return;
    }
    case 'interrupted':
      // The interrupted agent's own rollout says when its turn ended, and whether it had one.
      return;
    default:
      retelling.kept(`sub_agent_activity ${String(item.kind)}`, item, bytes);
  }
}

const kinds = { NEW_TASK: 'followup', MESSAGE: 'message', FINAL_ANSWER: 'completion' } as const;

/** `agent_message`: mail arrives in a turn. The sender's own call has accepted it, where the sender's rollout is at hand. */
export function delivered(thread: Thread, payload: Json, offset: number): void {
  const { retelling, agentId } = thread;
  const receiver = retelling.agent(agentId);
  if (receiver === undefined || retelling.turn(agentId) === undefined) return;
  const sender = authorOf(thread, payload);
  const mailId = oldestFrom(thread, sender?.agentId);
  if (mailId !== undefined) {
    retelling.consume(agentId, mailId, 'written');
    return;
  }
  const parts = listOf(payload.content).map(objectOf);
  const head = parts.map((part) => textOf(part.text) ?? '').join('');
  const body = parts.map((part) => textOf(part.encrypted_content) ?? '').join('');
  const [, type] = /^Message Type: (\w+)/.exec(head) ?? [];
  const kind = kinds[type as keyof typeof kinds] ?? 'message';
  const text = readable(
    head.slice(head.indexOf('Payload:\n') + 'Payload:\n'.length) || body || contentText(payload.content),
  );
  const id = `${agentId}/${offset}`;
  const from = sender?.agentId ?? 'operator';
  retelling.accept({ id, from, to: agentId, kind, trigger: kind === 'followup' }, text, 'written');
  retelling.consume(agentId, id, 'written');
}

export function authorOf({ retelling, agentId }: Thread, payload: Json): Agent | undefined {
  const path = textOf(payload.author);
  const rootId = retelling.agent(agentId)?.rootId;
  return path === undefined || rootId === undefined ? undefined : agentAt(retelling.state, rootId, path);
}

export function oldestFrom({ retelling, agentId }: Thread, sender: string | undefined): string | undefined {
  const { letters } = retelling.state.mail;
  return retelling.unread(agentId).find((mailId) => letters[mailId]!.from === sender);
}

const notification = /^<subagent_notification>\s*([\s\S]*?)\s*<\/subagent_notification>/;

/** First generation: a user message tells the parent that a child has ended. */
export function notificationOf(text: string): { readonly child: string; readonly status: unknown } | undefined {
  const found = notification.exec(text);
  if (found === null) return undefined;
  try {
    const { agent_path, status } = JSON.parse(found[1]!) as Json;
    return typeof agent_path === 'string' ? { child: agent_path, status } : undefined;
  } catch {
    return undefined;
  }
}

/** The last message of a status such as `{"completed": TEXT}`; undefined where it is none of an end. */
export function endIn(status: unknown): string | undefined {
  const { completed, errored } = objectOf(status);
  if (completed === null) return '';
  return textOf(completed) ?? textOf(errored);
}

export function notified(thread: Thread, text: string, offset: number): boolean {
  const { retelling, agentId } = thread;
  const told = notificationOf(text);
  if (told === undefined) return false;
  if (retelling.agent(told.child) === undefined) return true;
  const id = `${agentId}/${offset}`;
  const mail = { id, from: told.child, to: agentId, kind: 'completion', trigger: false } as const;
  retelling.accept(mail, endIn(told.status) ?? JSON.stringify(told.status ?? null), 'written');
  retelling.consume(agentId, id, 'written');
  return true;
}

/** A child whose file comes before, or without, an event of its parent. */
export function parentOf(thread: Thread): Agent | undefined {
  const { retelling, header } = thread;
  return retelling.agent(header?.parentId as AgentId | undefined);
}

export const occurredAt = (payload: Json): number | undefined =>
  timeOf(numberOf(payload.occurred_at_ms) ?? numberOf(payload.completed_at_ms));
