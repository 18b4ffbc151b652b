/** Members of records that other programs wrote: read by shape, never by version, and absent when they are something else. */
import type { Json } from './record.ts';

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

const nothing: Json = {};

/** The object itself, or an empty one. */
export const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : nothing;

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const iso = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/;

/** Milliseconds since 1970 of an ISO time stamp, or of a number in seconds or milliseconds; fixtures and forks have all three. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0)
    return Math.trunc(value < 100_000_000_000 ? value * 1000 : value);
  if (typeof value !== 'string') return undefined;
  const found = iso.exec(value);
  if (found === null) {
    const at = Date.parse(value);
    return Number.isNaN(at) ? undefined : at;
  }
  const [, y, mo, d, h, mi, s, part = ''] = found;
  return (
    Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)) + Number(`${part}000`.slice(0, 3))
  );
}

/** The text of a content that is a string, or a list of parts with texts. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map((part) => textOf(objectOf(part).text) ?? '')
    .join('');
}

/** Arguments as JSON where they are; a tool's own text as it is. */
export function argumentsOf(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? {};
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
