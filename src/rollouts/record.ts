/** A line as a record: parsed, and mended where tools and disks leave them broken; what was wrong with it is told. */
import { concealed, holdsSecret } from './concealed.ts';
import type { Line } from './lines.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Defect {
  readonly defect: string;
  readonly bytes: number;
  readonly handled: string;
}

export interface SourceRecord {
  readonly offset: number;
  readonly bytes: number;
  readonly value: Json;
  /** The line was too long to be parsed: `value` holds its short members near the top. */
  readonly huge?: { readonly sha256: string };
}

export interface Taken {
  readonly record?: SourceRecord;
  readonly defects: readonly Defect[];
  /** The line may still be being written: it is read again next time. */
  readonly heldBack?: true;
  readonly blank?: true;
}

const none: readonly Defect[] = [];
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Undefined where it is no object. What looks like a secret is concealed. */
export function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text, text.includes('\\ud') || text.includes('\\uD') ? wellFormed : undefined);
    if (!isObject(value)) return undefined;
    return holdsSecret(text) ? concealed(value) : value;
  } catch {
    return undefined;
  }
}

/** Half of a pair is left where a tool cut its output by characters. */
const wellFormed = (_: string, value: unknown): unknown =>
  typeof value === 'string' && !value.isWellFormed() ? value.toWellFormed() : value;

/** How the first member of a record is written: where a torn line runs into its full copy. */
const beginnings = ['{"timestamp":', '{"parentUuid":', '{"type":'];

/** The last record inside a broken line that begins like one and can be parsed. */
function within(text: string): { readonly at: number; readonly value: Json } | undefined {
  for (const beginning of beginnings) {
    for (let at = text.lastIndexOf(beginning); at > 0; at = text.lastIndexOf(beginning, at - 1)) {
      const value = parsed(text.slice(at));
      if (value !== undefined) return { at, value };
    }
  }
  return undefined;
}

const bom = '\ufeff';
const nulRuns = /\0+/g;

/** `head`: of a long line that need not be parsed to its end, the part that says something. */
export function recordOf(line: Line, head?: string): Taken {
  const { offset, bytes, huge } = line;
  if (huge !== undefined) return hugeRecord(line);
  const said = head === undefined ? undefined : parsed(head);
  if (said !== undefined) return { record: { offset, bytes, value: said }, defects: none };
  const text = line.content.toString('utf8');
  const value = parsed(text);
  if (value !== undefined) return { record: { offset, bytes, value }, defects: none };
  if (line.unended !== undefined) return { defects: none, heldBack: true };
  const mended = text.replace(nulRuns, '').replace(bom, '').trim();
  const defects: Defect[] = [];
  if (text.includes('\0')) {
    defects.push({ defect: 'NUL bytes', bytes: text.length - text.replace(nulRuns, '').length, handled: 'left out' });
  }
  if (mended === '') return { defects, blank: true };
  const whole = parsed(mended);
  if (whole !== undefined) return { record: { offset, bytes, value: whole }, defects };
  const inner = within(mended);
  if (inner === undefined) {
    defects.push({ defect: 'not a record', bytes, handled: 'left out' });
    return { defects };
  }
  const torn = Buffer.byteLength(mended.slice(0, inner.at));
  defects.push({ defect: 'a torn record before a whole one', bytes: torn, handled: 'the whole one counts' });
  return { record: { offset, bytes, value: inner.value }, defects };
}

function hugeRecord({ offset, bytes, huge, unended }: Line): Taken {
  const line = huge!;
  if (!line.whole) {
    if (unended !== undefined) return { defects: none, heldBack: true };
    return { defects: [{ defect: 'not a record', bytes, handled: 'left out' }] };
  }
  const record = { offset, bytes, value: line.skeleton(), huge: { sha256: line.sha256() } };
  return {
    record,
    defects: [
      { defect: 'a line too long to be held', bytes, handled: `its short members; SHA-256 ${record.huge.sha256}` },
    ],
  };
}
