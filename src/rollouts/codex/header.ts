/** The first lines of a Codex rollout: whose it is, who spawned it, and where its own history begins. */
import type { Json } from '../record.ts';
import { numberOf, objectOf, textOf, timeOf } from '../shape.ts';

export interface Header {
  readonly threadId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly cwd: string;
  readonly parentId?: string;
  readonly forkedFromId?: string;
  readonly path?: string;
  readonly nickname?: string;
  readonly role?: string;
  readonly version?: string;
  readonly depth?: number;
  readonly isV2: boolean;
  /** Lines before this ordinal are copies of the parent's. */
  readonly ownFrom?: number;
  /** The same as a place in the file, found by the mail that starts its first turn. */
  readonly ownOffset?: number;
}

/** `payload` of a `session_meta`, or the bare first line of the first era. */
export function headerOf(payload: Json): Header | undefined {
  const threadId = textOf(payload.id);
  if (threadId === undefined || threadId === '' || threadId.length > 150) return undefined;
  const source = objectOf(objectOf(payload.source).subagent);
  const spawn = objectOf(source.thread_spawn);
  const path = textOf(payload.agent_path) ?? textOf(spawn.agent_path);
  return {
    threadId,
    at: timeOf(payload.timestamp) ?? 0,
    cwd: textOf(payload.cwd) ?? '',
    parentId: textOf(payload.parent_thread_id) ?? textOf(spawn.parent_thread_id),
    forkedFromId: textOf(payload.forked_from_id),
    path,
    nickname: textOf(payload.agent_nickname) ?? textOf(spawn.agent_nickname),
    role: textOf(payload.agent_role) ?? textOf(spawn.agent_role),
    version: textOf(payload.cli_version),
    depth: numberOf(spawn.depth),
    isV2: payload.multi_agent_version === 'v2' || path !== undefined,
    ownFrom: numberOf(payload.subagent_history_start_ordinal) ?? numberOf(payload.forked_from_ordinal_exclusive),
  };
}
