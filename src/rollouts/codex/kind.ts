/** What kind of line a line of a Codex rollout is, as Codex calls it; for most it can be told without parsing the line. */
import type { Json } from '../record.ts';
import { objectOf, textOf } from '../shape.ts';

/** Kinds that say again what other lines say, or nothing that happened: counted, and nothing more. */
const silent = new Set([
  'response_item/reasoning',
  'response_item/ghost_snapshot',
  'response_item/compaction',
  'response_item/compaction_trigger',
  'response_item/message/developer',
  'response_item/message/system',
  'event_msg/agent_message',
  'event_msg/agent_reasoning',
  'event_msg/agent_reasoning_raw_content',
  'event_msg/agent_reasoning_section_break',
  'event_msg/context_compacted',
  'event_msg/patch_apply_end',
  'event_msg/mcp_tool_call_end',
  'event_msg/web_search_end',
  'event_msg/view_image_tool_call',
  'event_msg/image_generation_end',
  'event_msg/thread_settings_applied',
  'event_msg/thread_name_updated',
  'event_msg/item_completed/AgentMessage',
  'event_msg/item_completed/Reasoning',
  'event_msg/item_completed/FileChange',
  'event_msg/item_completed/McpToolCall',
  'event_msg/item_completed/ContextCompaction',
  'event_msg/item_completed/CollabAgentToolCall',
  'event_msg/item_completed/Plan',
  'event_msg/item_completed/Sleep',
  'world_state',
  'retained_context',
  'state',
]);

export const isSilent = (kind: string): boolean => silent.has(kind);

/** Kinds that can be told from how the line begins, and that need no parsing: the longest lines are among them. */
const beginning =
  /^\{"timestamp":"[^"]{10,40}",(?:"ordinal":\d+,)?"type":"(?:(response_item|event_msg)","payload":\{"type":"(reasoning|agent_reasoning|agent_message|ghost_snapshot|compaction|message|context_compacted|patch_apply_end|mcp_tool_call_end)"(?:,(?:"id":"[^"]{1,80}",)?"role":"(developer|system|user|assistant)")?|(world_state)")/;

const beginningBytes = 240;
const recordBegins = Buffer.from('{"timestamp":');
const brace = '}'.charCodeAt(0);

/** The kind of a whole line that says nothing more; undefined where it has to be parsed. */
export function silentKind(line: Buffer): string | undefined {
  const found = beginning.exec(line.toString('latin1', 0, beginningBytes));
  if (found === null || line[line.length - 1] !== brace) return undefined;
  const [, outer, inner, role, alone] = found;
  const kind = alone ?? (inner === 'message' ? `${outer}/message/${role}` : `${outer}/${inner}`);
  // A torn line may run into the next one.
  return silent.has(kind) && line.indexOf(recordBegins, 1) < 0 && !line.includes(0) ? kind : undefined;
}

const history = Buffer.from(',"replacement_history":[');
/** Shorter ones are parsed as fast. */
const longBytes = 16_384;
const closing = Buffer.from('}}');

/** A compaction without the history that it embeds, which is told already. */
export function headOf(line: Buffer): string | undefined {
  if (line.length < longBytes) return undefined;
  const at = line.indexOf(history);
  const isWhole =
    line.subarray(-closing.length).equals(closing) && line.indexOf(recordBegins, 1) < 0 && !line.includes(0);
  const head = at < 0 || !isWhole ? '' : line.toString('utf8', 0, at);
  return /^\{"timestamp":"[^"]{10,40}",(?:"ordinal":\d+,)?"type":"compacted","payload":\{"message":"/.test(head)
    ? `${head}}}`
    : undefined;
}

/** Lines of the first era have no envelope: they are the items themselves. */
export function enveloped(value: Json): Json {
  if (typeof value.type !== 'string') {
    if (typeof value.record_type === 'string') return { type: value.record_type, payload: value };
    if (typeof value.id === 'string' && !('payload' in value))
      return { ...value, type: 'session_meta', payload: value };
    return value;
  }
  return 'payload' in value ? value : { type: 'response_item', payload: value };
}

export function kindOf(value: Json): string {
  const type = textOf(value.type) ?? 'unknown';
  const payload = objectOf(value.payload);
  if (type !== 'response_item' && type !== 'event_msg') return type;
  const inner = textOf(payload.type) ?? 'unknown';
  if (inner === 'message') return `${type}/message/${textOf(payload.role) ?? 'unknown'}`;
  if (inner === 'item_completed') return `${type}/item_completed/${textOf(objectOf(payload.item).type) ?? 'unknown'}`;
  return `${type}/${inner}`;
}
