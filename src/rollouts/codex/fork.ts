/** A forked thread begins with a copy of its parent's history: those lines are the parent's, and nothing of them is told again. */
import type { Json } from '../record.ts';
import { numberOf, objectOf, textOf, timeOf } from '../shape.ts';
import type { Thread } from './thread.ts';

/** Whether this line is a copy. Where the copies end is told, best evidence first, by an ordinal, a turn of its own, or its own mail. */
export function isInherited(thread: Thread, kind: string, payload: Json, value: Json): boolean {
  const { header, agentId, retelling } = thread;
  if (kind === 'session_meta') {
    const id = textOf(payload.id);
    // A second header with another id opens the copy.
    if (id !== undefined && header !== undefined && id !== header.threadId) thread.inherited = true;
    return thread.inherited;
  }
  if (!thread.inherited) return false;
  if (header?.ownFrom !== undefined) {
    const ordinal = numberOf(value.ordinal);
    if (ordinal !== undefined && ordinal >= header.ownFrom) thread.inherited = false;
    return thread.inherited;
  }
  const isBefore = header?.ownOffset !== undefined && retelling.ledger.place.offset < header.ownOffset;
  if (isBefore) return true;
  const owner = turnOwner(thread, kind, payload);
  const isOwn = owner === 'new' || owner === agentId || kind.startsWith('inter_agent_communication');
  if (isOwn && !isEarly(thread, kind, value)) thread.inherited = false;
  return thread.inherited;
}

function turnOwner({ retelling }: Thread, kind: string, payload: Json): string | undefined {
  if (kind !== 'turn_context' && kind !== 'event_msg/task_started' && kind !== 'event_msg/turn_started')
    return undefined;
  const turnId = textOf(payload.turn_id);
  return turnId === undefined ? undefined : (retelling.turns.get(turnId) ?? 'new');
}

/** Copies may keep their old time stamps: a turn from before the fork is none of its own, even when nobody knows it. */
function isEarly({ header }: Thread, kind: string, value: Json): boolean {
  if (!kind.endsWith('task_started') && kind !== 'turn_context') return false;
  const at = timeOf(value.timestamp) ?? timeOf(objectOf(value.payload).started_at);
  return header !== undefined && at !== undefined && at < header.at;
}
