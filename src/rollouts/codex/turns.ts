/** Turns of Codex rollouts: what starts them, what is said in them, how they end. */
import type { Json, SourceRecord } from '../record.ts';
import { textOf } from '../shape.ts';
import { clipped } from '../text.ts';
import { sampling } from './sampling.ts';
import type { Thread } from './thread.ts';

export function started(thread: Thread, payload: Json, { offset }: SourceRecord): void {
  const { retelling, agentId } = thread;
  const turnId = textOf(payload.turn_id) ?? `${agentId}/${offset}`;
  thread.saysTurns = true;
  thread.paid = true;
  const owner = retelling.turns.get(turnId);
  if (owner !== undefined && !retelling.ledger.muted) {
    retelling.defect({ defect: 'a turn that has been started before', bytes: 0, handled: 'left out' });
    return;
  }
  retelling.startTurn(agentId, turnId, 'written', taskOf(thread, turnId));
}

/** First generation: the mail that the turn is named after, else the oldest that asks for one. Later mail arrives by lines of its own. */
function taskOf({ retelling, agentId, header, submissions }: Thread, turnId: string): readonly string[] {
  if (header?.parentId === undefined || header.isV2) return [];
  const { letters } = retelling.state.mail;
  const unread = retelling.unread(agentId).filter((mailId) => letters[mailId]!.trigger);
  const named = submissions.get(turnId);
  return named !== undefined && unread.includes(named) ? [named] : unread.slice(0, 1);
}

/** Whether the line ends the open turn; where it ends another one, that is told. */
function ending({ retelling, agentId }: Thread, payload: Json): boolean {
  const turn = retelling.turn(agentId);
  const turnId = textOf(payload.turn_id);
  if (turn !== undefined && (turnId === undefined || turn.turnId === turnId)) return true;
  retelling.defect({ defect: 'an end of a turn that is not open', bytes: 0, handled: 'left out' });
  return false;
}

export function completed(thread: Thread, payload: Json): void {
  if (ending(thread, payload))
    thread.retelling.complete(thread.agentId, textOf(payload.last_agent_message) ?? thread.lastSaid, 'written');
}

export function interrupted(thread: Thread, payload: Json): void {
  if (ending(thread, payload))
    thread.retelling.interrupt(thread.agentId, textOf(payload.reason) ?? 'interrupted', 'written');
}

/** Before autumn 2025 no line said that a turn began: what happens outside of one has begun it. */
export function ensureTurn(thread: Thread): void {
  const { retelling, agentId } = thread;
  if (thread.saysTurns || retelling.turn(agentId) !== undefined) return;
  const { offset } = retelling.ledger.place;
  retelling.startTurn(agentId, `${agentId}/${offset}`, 'inferred');
}

/** What a person, or the one who spawned it, told the agent. */
export function told(thread: Thread, text: string, offset: number): void {
  const { retelling, agentId } = thread;
  const agent = retelling.agent(agentId);
  if (!thread.saysTurns) {
    // Nothing else tells that the turn before has come to its end.
    const turn = retelling.turn(agentId);
    if (turn?.list !== undefined) retelling.complete(agentId, thread.lastSaid, 'inferred');
    ensureTurn(thread);
  }
  if (agent === undefined || (agent.parentId !== undefined && isTask(agent.task, text))) return;
  const id = `${agentId}/${offset}`;
  retelling.accept({ id, from: 'operator', to: agentId, kind: 'operator', trigger: true }, text, 'written');
  retelling.consume(agentId, id, 'written');
}

/** The task that its parent's event has told already. */
const isTask = (task: string | undefined, text: string): boolean =>
  task !== undefined && task !== '' && text.startsWith(task.endsWith('…') ? task.slice(0, -1) : task);

export function said(thread: Thread, text: string): void {
  const { retelling, agentId } = thread;
  thread.lastSaid = text;
  ensureTurn(thread);
  if (retelling.turn(agentId) === undefined) {
    retelling.defect({ defect: 'a message outside of a turn', bytes: Buffer.byteLength(text), handled: 'left out' });
    return;
  }
  retelling.sample(agentId, [{ say: clipped(text) }], sampling(thread));
}
