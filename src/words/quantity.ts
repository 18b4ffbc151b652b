/** Amounts for people: sizes and spans of time in few characters. */
import type { Budget } from '../../events/fleetFile.ts';

/** `1 agent`, `2 agents`. */
export const few = (n: number, one: string, more = `${one}s`): string => `${n} ${n === 1 ? one : more}`;

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function sizeText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 2 ** (10 * power);
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${sizes[power]}`;
}

const spans = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** `0.4 s`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  for (const [unit, length] of spans) if (seconds >= 2 * length) return `${Math.floor(seconds / length)} ${unit}`;
  return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
}

/** As exact as a story of hours needs it: `12 ms`, `0.4 s`, `5 min`, `3.2 h`. */
export const duration = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 6_000_000) return `${Math.round(ms / 60_000)} min`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
};

/** Tokens, or money: no more digits than anybody counts. */
export const amount = (n: number): string => String(Math.round(n * 1000) / 1000);

export function budgetText({ tokens, money, perAgent }: Budget): string {
  const of = (what: string, n: number | undefined) => (n === undefined ? [] : [`${amount(n)} ${what}`]);
  const parts = [
    ...of('tokens per tree', tokens),
    ...of('of money per tree', money),
    ...of('tokens per agent', perAgent?.tokens),
    ...of('of money per agent', perAgent?.money),
  ];
  return parts.length === 0 ? 'no limits' : parts.join(', ');
}
