/**
 * Sessions of Claude Code: one file per session, with its children in it (until autumn 2025) or in files of their own.
 * Children in a session's file were written when they ended, all at once: each is read as if it had a file of its own.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { FileFound } from '../folder.ts';
import { Lines } from '../lines.ts';
import { type Json, recordOf } from '../record.ts';
import type { Retelling } from '../retelling.ts';
import { contentText, objectOf, textOf, timeOf } from '../shape.ts';
import type { Others, Skipped, Source, Teller } from '../teller.ts';
import { isStarter, starterOf } from './children.ts';
import { isSilent, kindOf } from './kind.ts';
import { retell } from './retell.ts';
import type { Session } from './session.ts';

/** A chain of lines that belongs to one agent. */
interface Chain {
  /** Of the session, or of the child in its own file. */
  readonly id: string;
  from: number;
  readonly offsets?: Set<number>;
  first?: Json;
  prompt?: string;
  model?: string;
}

interface Looked {
  readonly session: string;
  readonly main: Chain;
  readonly children: readonly Chain[];
}

const sidechain = Buffer.from('"isSidechain":true');
const types = new Set([
  'user',
  'assistant',
  'system',
  'summary',
  'queue-operation',
  'file-history-snapshot',
  'progress',
]);

/** The whole file is looked at once: where each chain of lines lies. Undefined: it is no session. */
function look({ path, bytes }: FileFound): Looked | undefined {
  const lines = new Lines(path, bytes);
  const main: Chain = { id: '', from: 0 };
  const children: Chain[] = [];
  const byUuid = new Map<string, Chain>();
  let session: string | undefined;
  let isKnown = false;
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    const isChild = line.huge === undefined && line.content.includes(sidechain);
    if (!isChild && main.model !== undefined && main.prompt !== undefined) continue;
    const value = recordOf(line).record?.value;
    if (value === undefined) continue;
    isKnown ||= types.has(textOf(value.type) ?? '') && ('sessionId' in value || 'uuid' in value || 'leafUuid' in value);
    session ??= textOf(value.sessionId);
    // Lines with an agent's id are alone in its file.
    const chain = isChild && value.agentId === undefined ? chainOf(value, line.offset, children, byUuid) : main;
    note(chain, value);
  }
  return isKnown && session !== undefined ? { session, main, children } : undefined;
}

function note(chain: Chain, value: Json): void {
  if (value.timestamp !== undefined) chain.first ??= value;
  const message = objectOf(value.message);
  if (value.type === 'user' && value.isMeta !== true) chain.prompt ??= contentText(message.content);
  if (value.type === 'assistant') chain.model ??= textOf(message.model);
}

/** By the line before it; a line without one begins a chain. */
function chainOf(value: Json, offset: number, children: Chain[], byUuid: Map<string, Chain>): Chain {
  const uuid = textOf(value.uuid) ?? `${offset}`;
  let chain = byUuid.get(textOf(value.parentUuid) ?? '');
  if (chain === undefined) children.push((chain = { id: uuid, from: offset, offsets: new Set() }));
  chain.offsets!.add(offset);
  byUuid.set(uuid, chain);
  return chain;
}

interface Meta {
  readonly toolUseId?: string;
}

function metaOf(path: string): Meta {
  const file = path.replace(/\.jsonl$/, '.meta.json');
  if (!existsSync(file)) return {};
  try {
    const meta = JSON.parse(readFileSync(file, 'utf8')) as Json;
    const toolUseId = textOf(meta.toolUseId);
    return toolUseId === undefined ? {} : { toolUseId };
  } catch {
    return {};
  }
}

export function claudeSources(
  files: readonly FileFound[],
  retelling: Retelling,
  policy: string | undefined,
  skipped: Skipped[],
): Source[] {
  return files
    .filter(({ name }) => name.endsWith('.jsonl') || files.length === 1)
    .flatMap((file) => {
      const looked = /\/workflows\/.*journal\.jsonl$/.test(file.path) ? undefined : look(file);
      if (looked === undefined) skipped.push({ path: file.path, reason: "none of its lines is a session's" });
      return looked === undefined ? [] : sourcesIn(file, looked, retelling, policy ?? 'claude(max=10)');
    });
}

function sourcesIn(
  file: FileFound,
  { session, main, children }: Looked,
  retelling: Retelling,
  policy: string,
): Source[] {
  const { path, bytes, name } = file;
  const own = textOf(main.first?.agentId) ?? /^agent-([0-9a-zA-Z_-]+)\.jsonl$/.exec(name)?.[1];
  const sourceOf = (chain: Chain, agentId: string, parentId: string | undefined): Source => {
    const { toolUseId } = parentId === undefined ? {} : metaOf(path);
    const first = chain.first ?? {};
    const teller: Session = {
      retelling,
      key: `claude/${agentId}`,
      name,
      agentId,
      ...(parentId !== undefined && { parentId }),
      toolUseId: toolUseId ?? textOf(first.sourceToolUseID),
      model: chain.model ?? 'unknown',
      cwd: textOf(first.cwd) ?? '',
      policy,
      prompt: chain.prompt ?? '',
      begun: false,
      lastSaid: '',
      message: '',
      input: 0,
      output: 0,
      ended: '',
    };
    const { from, offsets } = chain;
    const mine = offsets === undefined ? (o: number) => !elsewhere.has(o) : (o: number) => offsets.has(o);
    return { path, bytes, from, teller: tellerOf(teller, timeOf(first.timestamp) ?? 0), isOwn: mine };
  };
  const elsewhere = new Set(children.flatMap(({ offsets }) => [...offsets!]));
  if (own !== undefined) {
    const parent = session.startsWith('agent-') ? `unknown session of ${own}` : session;
    return [sourceOf(main, `${parent}/${own}`, parent)];
  }
  return [
    sourceOf(main, session, undefined),
    ...children.map((chain) => sourceOf(chain, `${session}/${chain.id}`, session)),
  ];
}

function tellerOf(session: Session, at: number): Teller {
  return {
    key: session.key,
    name: session.name,
    agentId: session.agentId,
    at,
    silentKind: () => undefined,
    normal: (value) => value,
    kindOf,
    isSilent: (kind) => isSilent(kind),
    waits: (kind, value, when, others) => waits(session, kind, value, when, others),
    tell: (kind, record) => retell(session, kind, record),
  };
}

/** A child waits for the call that starts it, and the call's result for the child. */
function waits(session: Session, kind: string, value: Json, at: number, others: Others): boolean {
  const { retelling, agentId, parentId, begun } = session;
  if (!begun && parentId !== undefined)
    return retelling.agent(agentId) === undefined && starterOf(session) === undefined && others.mayTell(parentId, at);
  if (kind !== 'user/tool_result') return false;
  const blocks = objectOf(value.message).content;
  return (Array.isArray(blocks) ? blocks : []).some((block) => {
    const callId = textOf(objectOf(block).tool_use_id) ?? '';
    const call = retelling.call(agentId, callId);
    const child =
      call !== undefined && isStarter(call.tool) ? retelling.starters.get(`${agentId}/${callId}`) : undefined;
    return child !== undefined && others.mayTell(child, at);
  });
}
