/** The history of one agent, as its model sees it: a fold of the events that touch it. */
import type { HoldfastEvent } from '../events/catalogue.ts';
import type { Text } from '../events/fact.ts';
import type { MailKind } from '../events/mail.ts';
import type { Image, Item, Outcome } from '../events/turn.ts';
import { fieldsOf } from './toolOutput.ts';

export type HistoryItem =
  | { kind: 'mail'; position: number; mailId: string; from: string; mailKind: MailKind; trigger: boolean; text: Text }
  /** `final`: the answer that ended a turn. */
  | { kind: 'say'; position: number; text: Text; final: boolean; phase?: string }
  | { kind: 'reasoning'; position: number; text: Text; sealed?: Text; name?: string }
  | { kind: 'call'; position: number; callId: string; tool: string; args: unknown }
  | {
      kind: 'result';
      position: number;
      callId: string;
      outcome: Outcome;
      text: Text;
      fields?: Record<string, unknown>;
      images?: readonly Image[];
    }
  | { kind: 'note'; position: number; text: string }
  | { kind: 'summary'; position: number; text: Text };

export interface History {
  items: HistoryItem[];
  /** Mail that no turn has taken yet. */
  waiting: Record<string, { from: string; mailKind: MailKind; trigger: boolean; text: Text }>;
  /** Calls of the newest list without a result. */
  open: string[];
}

export const emptyHistory = (): History => ({ items: [], waiting: {}, open: [] });

function said(position: number, item: Item, final: boolean): HistoryItem {
  if ('call' in item) return { kind: 'call', position, callId: item.id, tool: item.call, args: item.args };
  if ('exec' in item) return { kind: 'call', position, callId: item.id, tool: 'exec', args: { source: item.exec } };
  if ('say' in item) {
    const { say: text, phase } = item;
    return { kind: 'say', position, text, final, ...(phase !== undefined && { phase }) };
  }
  const { reasoning: text, ...more } = item;
  return { kind: 'reasoning', position, text, ...more };
}

/** Mutates the history; events that are not about `agentId` change nothing. */
export function remember(history: History, agentId: string, event: HoldfastEvent): void {
  const { position } = event;
  switch (event.type) {
    case 'MailAccepted': {
      const { mailId, to, from, fromPath, kind, trigger, text } = event.data;
      if (to === agentId) history.waiting[mailId] = { from: fromPath ?? from, mailKind: kind, trigger, text };
      return;
    }
    case 'MailConsumed': {
      const mail = history.waiting[event.data.mailId];
      if (event.data.agentId !== agentId || mail === undefined) return;
      delete history.waiting[event.data.mailId];
      history.items.push({ kind: 'mail', position, mailId: event.data.mailId, ...mail });
      return;
    }
    case 'MailReturned': {
      if (event.data.agentId !== agentId) return;
      // It was not seen by any model, so it is not part of the history until it is taken again.
      const { mailId } = event.data;
      const at = history.items.findLastIndex((item) => item.kind === 'mail' && item.mailId === mailId);
      const item = history.items[at];
      if (item?.kind !== 'mail') return;
      history.items.splice(at, 1);
      history.waiting[mailId] = { from: item.from, mailKind: item.mailKind, trigger: item.trigger, text: item.text };
      return;
    }
    case 'MailRejected':
      delete history.waiting[event.data.mailId];
      return;
    case 'ModelSampled': {
      if (event.data.agentId !== agentId) return;
      const final = !event.data.items.some((item) => 'id' in item);
      for (const item of event.data.items) {
        history.items.push(said(position, item, final));
        if ('id' in item) history.open.push(item.id);
      }
      return;
    }
    case 'ToolCallEnded': {
      if (event.data.agentId !== agentId) return;
      const { callId, outcome, output } = event.data;
      history.open = history.open.filter((id) => id !== callId);
      const { text, images } = output;
      const fields = fieldsOf(output);
      const more = { ...(fields !== undefined && { fields }), ...(images !== undefined && { images }) };
      history.items.push({ kind: 'result', position, callId, outcome, text, ...more });
      return;
    }
    case 'TurnInterrupted': {
      if (event.data.agentId !== agentId) return;
      for (const callId of history.open) {
        history.items.push({
          kind: 'result',
          position,
          callId,
          outcome: 'cancelled',
          text: 'aborted before it started',
        });
      }
      history.open = [];
      history.items.push({ kind: 'note', position, text: event.data.note });
      return;
    }
    case 'HistoryCompacted': {
      if (event.data.agentId !== agentId) return;
      const { upTo, summary } = event.data;
      history.items = [
        { kind: 'summary', position, text: summary },
        ...history.items.filter((item) => item.position > upTo),
      ];
      return;
    }
    default:
  }
}

/** Mail that gives an agent its tasks; what other agents told it is not handed on. */
const tasks = new Set<MailKind>(['spawn', 'followup', 'operator']);

const isInherited = (item: HistoryItem): boolean =>
  item.kind === 'mail' ? tasks.has(item.mailKind) : item.kind === 'summary' || (item.kind === 'say' && item.final);

/** What a fork sees of its parent (TU7): tasks and final answers; the last `turns` of them, counted by what started them. */
export function inherited(parent: History, turns: 'all' | number): HistoryItem[] {
  const kept = parent.items.filter(isInherited);
  if (turns === 'all') return kept;
  let boundaries = 0;
  for (let i = kept.length - 1; i >= 0; i -= 1) {
    const item = kept[i]!;
    if (item.kind === 'mail' && item.trigger) boundaries += 1;
    if (boundaries === turns) return kept.slice(i);
  }
  // Even with fewer turns than asked for, what came before the first boundary is left out.
  const first = kept.findIndex((item) => item.kind === 'mail' && item.trigger);
  return first < 0 ? [] : kept.slice(first);
}
