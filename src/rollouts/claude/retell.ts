/** A line of a Claude Code session retold: turns are inferred, because no line says that one begins or ends. */
import type { Json, SourceRecord } from '../record.ts';
import { contentText, listOf, numberOf, objectOf, textOf } from '../shape.ts';
import { clipped } from '../text.ts';
import { answered, called } from './calls.ts';
import { spawnFor, starterOf, taskEnded } from './children.ts';
import type { Session } from './session.ts';

function begin(session: Session): void {
  const { retelling, key, name, agentId, parentId, model, cwd, policy } = session;
  session.begun = true;
  if (retelling.state.sources?.byKey[key] === undefined)
    retelling.found({ key, name, agentId, ...(parentId === undefined && { policy }) });
  if (retelling.agent(agentId) !== undefined) return;
  if (parentId === undefined) {
    retelling.spawnRoot(agentId, { model, cwd, config: {} });
    return;
  }
  // A file of a child without the file of its session: somebody must have been there.
  if (retelling.agent(parentId) === undefined)
    retelling.spawnRoot(parentId, { model: 'unknown', cwd, config: { ghost: true } }, 'inferred');
  spawnFor(retelling, parentId, { agentId, model, cwd }, starterOf(session));
}

export function retell(session: Session, kind: string, record: SourceRecord): void {
  if (!session.begun) begin(session);
  const { value } = record;
  switch (kind) {
    case 'user/text':
      told(session, value, record.offset);
      return;
    case 'assistant/text':
    case 'assistant/tool_use':
      said(session, value, record.offset);
      return;
    case 'user/tool_result':
      answered(session, value);
      return;
    case 'queue-operation/enqueue':
      queued(session, textOf(value.content) ?? contentText(value.content), record.offset);
      return;
    case 'queue-operation/dequeue':
    case 'queue-operation/remove':
      unqueued(session, record.offset);
      return;
    default:
      session.retelling.kept(kind, value, record.bytes);
  }
}

function ensureTurn({ retelling, agentId }: Session, offset: number): void {
  if (retelling.turn(agentId) !== undefined) return;
  const mail = retelling.unread(agentId).slice(0, 1);
  retelling.startTurn(agentId, `${agentId}/${offset}`, 'inferred', mail);
}

const interruption = /^\[Request interrupted by user/;

function told(session: Session, value: Json, offset: number): void {
  const { retelling, agentId, parentId } = session;
  const text = contentText(objectOf(value.message).content);
  if (interruption.test(text)) {
    retelling.interrupt(agentId, 'interrupted by the user', 'written');
    return;
  }
  if (value.isCompactSummary === true) {
    if (!retelling.compacted(agentId, text))
      retelling.kept('compacted', { text: clipped(text) }, Buffer.byteLength(text));
    return;
  }
  // Nothing else tells that the turn before has come to its end.
  retelling.complete(agentId, session.lastSaid, 'inferred');
  // The first thing a child is told is its task, which has been accepted with its call.
  const isTask = parentId !== undefined && retelling.unread(agentId).length > 0;
  ensureTurn(session, offset);
  if (isTask) return;
  const id = `${agentId}/${offset}`;
  retelling.accept({ id, from: 'operator', to: agentId, kind: 'operator', trigger: true }, text, 'written');
  retelling.consume(agentId, id, 'written');
}

function said(session: Session, value: Json, offset: number): void {
  const { retelling, agentId } = session;
  const message = objectOf(value.message);
  const id = textOf(message.id) ?? String(offset);
  const isNew = id !== session.message;
  paid(session, id, objectOf(message.usage));
  // A later part of the message with which the turn has ended.
  if (id === session.ended) return;
  ensureTurn(session, offset);
  const n = (retelling.agent(agentId)?.samplings ?? 0) + (isNew ? 1 : 0);
  const blocks = listOf(message.content).map(objectOf);
  for (const block of blocks) {
    const text = textOf(block.text);
    if (block.type === 'text' && text !== undefined) {
      session.lastSaid = text;
      retelling.sample(agentId, [{ say: clipped(text) }], Math.max(1, n));
    } else if (block.type === 'tool_use') called(session, block, Math.max(1, n));
  }
  if (message.stop_reason !== 'end_turn' || !blocks.some(({ type }) => type === 'text')) return;
  session.ended = id;
  retelling.complete(agentId, session.lastSaid, 'inferred');
}

/** Usage stands on every part of a message, and grows: what is more than before is told. */
function paid(session: Session, id: string, usage: Json): void {
  if (id !== session.message) {
    session.message = id;
    session.input = 0;
    session.output = 0;
  }
  const input =
    (numberOf(usage.input_tokens) ?? 0) +
    (numberOf(usage.cache_creation_input_tokens) ?? 0) +
    (numberOf(usage.cache_read_input_tokens) ?? 0);
  const output = numberOf(usage.output_tokens) ?? 0;
  const [moreIn, moreOut] = [Math.max(0, input - session.input), Math.max(0, output - session.output)];
  session.input += moreIn;
  session.output += moreOut;
  session.retelling.usage(session.agentId, moreIn, moreOut);
}

/** A notice of a child's end waits for its parent; what a person types while a turn runs stands in a line of its own later. */
function queued(session: Session, text: string, offset: number): void {
  const { retelling, agentId } = session;
  if (!/<(?:task|agent)-notification>/.test(text)) return;
  const child = taskEnded(session, text);
  if (child === undefined) return;
  const mail = { id: `${agentId}/${offset}`, from: child, to: agentId, kind: 'completion', trigger: true } as const;
  retelling.accept(mail, text, 'written');
}

function unqueued(session: Session, offset: number): void {
  const { retelling, agentId } = session;
  const [oldest] = retelling.unread(agentId);
  if (oldest === undefined) return;
  if (retelling.turn(agentId) === undefined) ensureTurn(session, offset);
  else retelling.consume(agentId, oldest, 'inferred');
}
