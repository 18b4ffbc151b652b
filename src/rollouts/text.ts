/** Texts of rollouts as they go into a log: long ones are cut in the middle, because the rollout still holds them. */
import { mapTexts } from '../engine/texts.ts';

/** In characters; with what stands around it, a text stays below the size from which a log puts it aside. */
const textMax = 16_000;

/** Of what tools answered: the bulk of every rollout, and what is most likely to hold what is nobody's business. */
export const resultMax = 2_000;

/** Head and tail: what is between them lies in the rollout, at the place that the event names. */
export function clipped(text: string, max = textMax): string {
  if (text.length <= max) return text;
  const half = max >> 1;
  const gone = text.length - 2 * half;
  return `${text.slice(0, half)}\n[… ${gone} of ${text.length} characters are left out …]\n${text.slice(-half)}`.toWellFormed();
}

/** The same for every text in a value: the value itself where none is long. */
export const clippedIn = (value: unknown, max = textMax): unknown => mapTexts(value, (text) => clipped(text, max));
