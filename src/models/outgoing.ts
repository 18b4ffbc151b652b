/**
 * A history as it goes to a server: no call without its result and no result without its call, ids that are given once,
 * thoughts only where something follows from them, nothing empty. The two dialects differ in form, not in this.
 */
import type { Image } from '../../events/turn.ts';
import type { HistoryItem } from '../../projections/history.ts';
import { told } from './told.ts';

/** Texts are whole by now; `at` is the position of the answer that an item was part of. */
export type Outgoing =
  | { readonly is: 'user'; readonly text: string }
  | { readonly is: 'say'; readonly at: number; readonly text: string; readonly phase?: string }
  | {
      readonly is: 'reasoning';
      readonly at: number;
      readonly text: string;
      readonly sealed?: string;
      readonly name?: string;
    }
  | { readonly is: 'call'; readonly at: number; readonly id: string; readonly tool: string; readonly args: unknown }
  | {
      readonly is: 'result';
      readonly id: string;
      readonly tool: string;
      readonly text: string;
      readonly images: readonly Shown[];
    };

export interface Shown {
  readonly url: string;
  readonly detail: 'auto' | 'low' | 'high';
}

/** What a `data:` address holds: base64, and of which type. */
export function imageIn(url: string): { readonly data: string; readonly mimeType: string } | undefined {
  const found = /^data:(image\/[\w.+-]+);base64,([A-Za-z0-9+/=]+)$/.exec(url);
  return found === null ? undefined : { mimeType: found[1]!, data: found[2]! };
}

const shownOf = ({ imageUrl, detail = 'auto' }: Image): Shown => ({
  url: plain(imageUrl),
  detail: detail === 'original' ? 'high' : detail,
});

/** Of each call that has a result, and of that result: the id under which both go out. A model may use an id again in a later turn. */
function idsOf(history: readonly HistoryItem[]): ReadonlyMap<HistoryItem, string> {
  const open = new Map<string, HistoryItem>();
  const times = new Map<string, number>();
  const ids = new Map<HistoryItem, string>();
  for (const item of history) {
    if (item.kind === 'call') open.set(item.callId, item);
    if (item.kind !== 'result') continue;
    const call = open.get(item.callId);
    if (call === undefined) continue;
    open.delete(item.callId);
    const before = times.get(item.callId) ?? 0;
    times.set(item.callId, before + 1);
    const id = before === 0 ? item.callId : `${item.callId}_${before + 1}`;
    ids.set(call, id).set(item, id);
  }
  return ids;
}

const plain = (text: unknown): string => (typeof text === 'string' ? text : '');

function outgoing(item: HistoryItem, id: string | undefined, toolOf: ReadonlyMap<string, string>): Outgoing[] {
  const { position: at } = item;
  switch (item.kind) {
    case 'mail':
    case 'note':
    case 'summary':
      return [{ is: 'user', text: told(item) }];
    case 'say': {
      const text = plain(item.text);
      const phase = item.phase === undefined ? {} : { phase: item.phase };
      return text.trim() === '' ? [] : [{ is: 'say', at, text, ...phase }];
    }
    case 'reasoning': {
      const { sealed, name } = item;
      const more = { ...(sealed !== undefined && { sealed: plain(sealed) }), ...(name !== undefined && { name }) };
      return [{ is: 'reasoning', at, text: plain(item.text), ...more }];
    }
    case 'call':
      return id === undefined ? [] : [{ is: 'call', at, id, tool: item.tool, args: item.args }];
    case 'result':
      if (id === undefined) return [];
      return [
        { is: 'result', id, tool: toolOf.get(id) ?? '', text: told(item), images: (item.images ?? []).map(shownOf) },
      ];
  }
}

const unseen = (item: Outgoing & { is: 'result' }): Outgoing => {
  const { length } = item.images;
  if (length === 0) return item;
  const note = `\n[You cannot be shown ${length === 1 ? 'this image' : `these ${length} images`}.]`;
  return { ...item, text: item.text + note, images: [] };
};

/** Servers refuse thoughts from which nothing followed. */
const isUseful = (item: Outgoing, i: number, all: readonly Outgoing[]): boolean =>
  item.is !== 'reasoning' ||
  all.slice(i + 1).some((later) => (later.is === 'say' || later.is === 'call') && later.at === item.at);

/** `sees`: the model is shown images; else it reads only that there were some. */
export function outgoingOf(history: readonly HistoryItem[], sees: boolean): Outgoing[] {
  const ids = idsOf(history);
  const toolOf = new Map<string, string>();
  for (const item of history) if (item.kind === 'call') toolOf.set(ids.get(item) ?? '', item.tool);
  const items = history.flatMap((item) => outgoing(item, ids.get(item), toolOf)).filter(isUseful);
  return sees ? items : items.map((item) => (item.is === 'result' ? unseen(item) : item));
}

/** Arguments as the model wrote them; text that was no JSON goes back as JSON, since servers read it. */
export const argumentsText = (args: unknown): string =>
  JSON.stringify(typeof args === 'string' ? { unreadable: args } : (args ?? {}));
