/** A line of a Codex rollout retold: from its kind to the facts that it stands for. */
import type { Json, SourceRecord } from '../record.ts';
import { contentText, numberOf, objectOf, textOf } from '../shape.ts';
import { clipped } from '../text.ts';
import {
  activity,
  closed,
  delivered,
  inputSent,
  notified,
  occurredAt,
  parentOf,
  spawnChild,
  spawnEnded,
} from './agents.ts';
import { answered, called, commandEnded } from './calls.ts';
import { isInherited } from './fork.ts';
import { isSilent } from './kind.ts';
import type { Thread } from './thread.ts';
import { completed, ensureTurn, interrupted, said, started, told } from './turns.ts';

/** The file's agent, where no line of another file has told of it. */
export function begin(thread: Thread): void {
  const { retelling, header, agentId } = thread;
  if (retelling.agent(agentId) !== undefined) return;
  const config = header?.version === undefined ? {} : { cli_version: header.version };
  const parent = parentOf(thread);
  const name = header?.path?.slice(header.path.lastIndexOf('/') + 1) ?? header?.nickname ?? header?.role ?? 'agent';
  if (parent === undefined && header?.parentId !== undefined) {
    // The parent's file is not here: somebody must have been there.
    retelling.spawnRoot(header.parentId, { model: 'unknown', cwd: header.cwd, config: { ghost: true } }, 'inferred');
    spawnChild(thread, retelling.agent(header.parentId)!, { id: agentId, name, model: thread.model, at: header.at });
  } else if (parent === undefined) {
    retelling.spawnRoot(agentId, { model: thread.model, cwd: header?.cwd ?? '', config });
  } else {
    spawnChild(thread, parent, { id: agentId, name, model: thread.model, at: header!.at });
  }
}

function beginFile(thread: Thread): void {
  const { retelling, key, name, header, continues } = thread;
  thread.begun = true;
  const known = retelling.state.sources?.byKey[key];
  // Without a header: whoever has the turn that it goes on with, or somebody nobody knows.
  if (header === undefined)
    thread.agentId = retelling.state.turns[continues ?? '']?.agentId ?? retelling.turns.get(continues ?? '') ?? key;
  thread.saysTurns = header === undefined;
  const isRoot = header?.parentId === undefined && retelling.agent(thread.agentId) === undefined;
  if (known === undefined)
    retelling.found({ key, name, agentId: thread.agentId, ...(isRoot && { policy: thread.policy }) });
  begin(thread);
}

export function retell(thread: Thread, kind: string, record: SourceRecord): void {
  if (!thread.begun) beginFile(thread);
  const payload = objectOf(record.value.payload);
  if (isInherited(thread, kind, payload, record.value) || isSilent(kind)) return;
  const line = lines[kind];
  if (line !== undefined) line(thread, payload, record);
  else thread.retelling.kept(kind, record.value, record.bytes);
}

type Line = (thread: Thread, payload: Json, record: SourceRecord) => void;

const lines: Readonly<Record<string, Line>> = {
  session_meta: () => {},
  turn_context: (thread, payload) => {
    if (payload.turn_id === undefined) ensureTurn(thread);
  },
  compacted: (thread, payload, { value, bytes }) => {
    const summary = textOf(payload.message) ?? '';
    if (!thread.retelling.compacted(thread.agentId, summary))
      thread.retelling.kept('compacted', { ...value, payload: { message: clipped(summary) } }, bytes);
  },
  inter_agent_communication: (thread, payload, { offset }) => delivered(thread, payload, offset),
  inter_agent_communication_metadata: () => {},
  token_usage_record: (thread, payload) => paid(thread, objectOf(payload.usage), objectOf(payload.thread_token_usage)),
  'event_msg/token_count': (thread, payload) => {
    const info = objectOf(payload.info);
    paid(thread, objectOf(info.last_token_usage), objectOf(info.total_token_usage));
  },
  'event_msg/task_started': started,
  'event_msg/turn_started': started,
  'event_msg/task_complete': completed,
  'event_msg/turn_complete': completed,
  'event_msg/turn_aborted': interrupted,
  'event_msg/user_message': (thread, payload, { offset }) => told(thread, textOf(payload.message) ?? '', offset),
  'event_msg/item_completed/UserMessage': (thread, payload, { offset }) =>
    told(thread, contentText(objectOf(payload.item).content), offset),
  'event_msg/item_completed/CommandExecution': (thread, payload) =>
    commandEnded(thread, objectOf(payload.item), numberOf(payload.completed_at_ms)),
  'event_msg/item_completed/SubAgentActivity': (thread, payload, { bytes }) =>
    activity(thread, objectOf(payload.item), occurredAt(payload), bytes),
  'event_msg/sub_agent_activity': (thread, payload, { bytes }) => activity(thread, payload, occurredAt(payload), bytes),
  'event_msg/exec_command_end': (thread, payload) => commandEnded(thread, payload, undefined),
  'event_msg/collab_agent_spawn_end': spawnEnded,
  'event_msg/collab_agent_interaction_end': inputSent,
  'event_msg/collab_close_end': closed,
  'event_msg/collab_waiting_end': () => {},
  'response_item/message/assistant': (thread, payload) => said(thread, contentText(payload.content)),
  'response_item/message/user': (thread, payload, { offset, value }) => {
    const text = contentText(payload.content);
    // Only the first era, whose lines have no time, has no lines of their own for what people say.
    if (notified(thread, text, offset) || value.timestamp !== undefined || text.startsWith('<')) return;
    told(thread, text, offset);
  },
  'response_item/agent_message': (thread, payload, { offset }) => delivered(thread, payload, offset),
  'response_item/function_call': called,
  'response_item/custom_tool_call': called,
  'response_item/local_shell_call': called,
  'response_item/tool_search_call': called,
  'response_item/function_call_output': answered,
  'response_item/custom_tool_call_output': answered,
  'response_item/tool_search_output': answered,
};

/** The same total again is the same line again. */
function paid(thread: Thread, usage: Json, total: Json): void {
  const all = numberOf(total.total_tokens) ?? 0;
  if (all === 0 || all === thread.total) return;
  thread.total = all;
  thread.paid = true;
  thread.retelling.usage(thread.agentId, numberOf(usage.input_tokens) ?? 0, numberOf(usage.output_tokens) ?? 0);
}
