/** Codex rollouts in a folder, or one file: whose each is, found from its first lines, whatever its name. */
import { Lines } from '../lines.ts';
import { recordOf } from '../record.ts';
import type { Retelling } from '../retelling.ts';
import { objectOf, textOf } from '../shape.ts';
import type { Source, Teller } from '../teller.ts';
import { type Header, headerOf } from './header.ts';
import { enveloped, headOf, isSilent, kindOf, silentKind } from './kind.ts';
import { retell } from './retell.ts';
import type { Thread } from './thread.ts';
import { waits } from './waits.ts';

/** Lines looked at for the model, and for the turn that a file without a header goes on with. */
const linesMax = 40;

/** Kinds of lines by which a rollout is known. */
const known = /^(?:session_meta|turn_context|world_state|compacted|token_usage_record|response_item\/|event_msg\/)/;
/** Lines of the first era are the items themselves: any line with a type would look like one. */
const knownBare =
  /^(?:session_meta|response_item\/(?:message\/|reasoning$|function_call|local_shell_call|custom_tool_call|web_search_call))/;

interface Looked {
  readonly header?: Header;
  readonly continues?: string;
  readonly model: string;
  readonly isV2: boolean;
}

/** The first lines; undefined where none is a rollout's. Throws nothing: a broken line is no line. */
function look(path: string, bytes: number): Looked | undefined {
  const lines = new Lines(path, bytes);
  let header: Header | undefined;
  let [continues, model] = [undefined as string | undefined, undefined as string | undefined];
  let isKnown = false;
  for (let n = 0; n < linesMax; n += 1) {
    const line = lines.next();
    if (line === undefined) break;
    const value = recordOf(line).record?.value;
    if (value === undefined) continue;
    const record = enveloped(value);
    const payload = objectOf(record.payload);
    const kind = kindOf(record);
    isKnown ||= 'payload' in record && ('payload' in value ? known : knownBare).test(kind);
    if (kind === 'session_meta') header ??= headerOf(payload);
    else continues ??= textOf(payload.turn_id);
    if (kind === 'turn_context') model ??= textOf(payload.model);
    if (header !== undefined && model !== undefined) break;
  }
  if (!isKnown) return undefined;
  if (header?.isV2 && header.forkedFromId !== undefined && header.ownFrom === undefined) {
    const ownOffset = firstOwnTurn(path, bytes);
    if (ownOffset !== undefined) header = { ...header, ownOffset };
  }
  return { header, model: model ?? 'unknown', isV2: header?.isV2 ?? false, ...(header === undefined && { continues }) };
}

const mail = Buffer.from('"type":"inter_agent_communication');
const turn = Buffer.from('"type":"task_started"');

/** A fork's copy of its parent's history ends with the turn that its own first mail starts. */
function firstOwnTurn(path: string, bytes: number): number | undefined {
  const lines = new Lines(path, bytes);
  let started: number | undefined;
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    if (line.huge !== undefined) continue;
    if (line.content.includes(turn)) started = line.offset;
    else if (line.content.includes(mail)) return started;
  }
  return undefined;
}

/** Undefined: it is no Codex rollout. `policy`: what the person named, for all trees. */
export function codexSource(
  { path, name, bytes }: { readonly path: string; readonly name: string; readonly bytes: number },
  retelling: Retelling,
  policy: string | undefined,
): Source | undefined {
  const looked = look(path, bytes);
  if (looked === undefined) return undefined;
  const { header, continues, model, isV2 } = looked;
  const agentId = header?.threadId ?? '';
  const thread: Thread = {
    retelling,
    key: header === undefined ? `codex/goes on with ${continues ?? name}` : `codex/${header.threadId}`,
    name,
    header,
    model,
    policy: policy ?? (isV2 ? 'codex-v2(max=4)' : 'codex-v1(max=6)'),
    ...(header === undefined && continues !== undefined && { continues }),
    agentId,
    begun: false,
    inherited: false,
    saysTurns: false,
    total: 0,
    lastSaid: '',
    submissions: new Map(),
    cells: new Map(),
    paid: true,
  };
  return { path, bytes, teller: tellerOf(thread) };
}

function tellerOf(thread: Thread): Teller {
  const { header, key, name } = thread;
  return {
    key,
    name,
    agentId: header?.threadId,
    at: header?.at ?? 0,
    silentKind: (line) => (thread.inherited || !thread.begun ? undefined : silentKind(line)),
    headOf,
    normal: enveloped,
    kindOf,
    isSilent: (kind) => thread.begun && !thread.inherited && isSilent(kind),
    waits: (kind, value, at, others) => waits(thread, kind, objectOf(value.payload), at, others),
    tell: (kind, record) => retell(thread, kind, record),
  };
}
