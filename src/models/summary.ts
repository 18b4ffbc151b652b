/** How a model is asked for a summary of a history that is too long for it: as one text without tools, cut until it fits. */
import type { HistoryItem } from '../../projections/history.ts';
import { argumentsText } from './outgoing.ts';
import type { Sampling } from './port.ts';
import { told } from './told.ts';

/** How much of the history is shown the first time, the second time … (shares of its characters). */
const shares = [0.75, 0.5, 0.25, 0.1] as const;

/** No part is cut below this: its beginning and end should still say what it was (characters). */
const partMin = 200;

export const summaryInstructions =
  'You are given the record of what an agent has done so far. It has become too long to be read again, and your answer takes its place: the agent goes on from it and sees nothing else of the record. Write down, for the agent itself: its tasks and from whom they are, in their own words where these matter; what has been done and found out, with names, paths, ids and numbers that are still needed; which agents, processes and cells it has started and what it still waits for; what is to be done next. Leave out what is settled. Answer with this text only.';

function part(item: HistoryItem): string {
  switch (item.kind) {
    case 'mail':
    case 'note':
    case 'summary':
      return told(item);
    case 'say':
      return `The agent said:\n\n${String(item.text)}`;
    case 'call':
      return `The agent called ${item.tool} with ${argumentsText(item.args)}`;
    case 'result':
      return `It was answered:\n\n${told(item)}`;
    case 'reasoning':
      return '';
  }
}

function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const half = Math.floor(max / 2);
  const out = text.length - 2 * half;
  return `${text.slice(0, half)}\n[… ${out} characters left out …]\n${text.slice(-half)}`.toWellFormed();
}

const lengthOf = (parts: readonly string[]): number => parts.reduce((sum, text) => sum + text.length, 0);

/** The longest parts lose their middle first, the oldest go when that is not enough. */
export function fitted(parts: readonly string[], charactersMax: number): string[] {
  let max = Math.max(...parts.map((text) => text.length), partMin);
  let shown = [...parts];
  while (lengthOf(shown) > charactersMax && max > partMin) {
    max = Math.max(partMin, Math.floor(max * 0.8));
    shown = parts.map((text) => cut(text, max));
  }
  while (lengthOf(shown) > charactersMax && shown.length > 1) shown.shift();
  return shown;
}

/** What the model is shown. `charactersMax`: what it can read, when that is known. */
export function recordOf({ history, overflows }: Sampling, charactersMax = Infinity): string {
  const parts = history.map(part).filter((text) => text !== '');
  const share = shares[Math.min(overflows, shares.length) - 1] ?? 1;
  return fitted(parts, Math.min(charactersMax, lengthOf(parts) * share)).join('\n\n');
}
