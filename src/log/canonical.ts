/**
 * RFC 8785 (JCS) JSON: one text per value, equal on every machine. It is what the hash chain covers and what
 * `holdfast log -o jsonl` prints. Strings are made well-formed, undefined members are omitted.
 */
import type { Envelope } from '../../events/envelope.ts';
import { assert } from '../failure.ts';

export interface Canonical {
  readonly text: string;
  /** false when the value is not what its text says (ill-formed strings, undefined members): then the text is kept. */
  readonly exact: boolean;
  /** What the text says, with keys in canonical order: the value itself when it is so already. */
  readonly value: unknown;
}

/** Whether JSON.stringify already writes the canonical text: keys ascending by UTF-16 units at every level. */
function isOrdered(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return value !== undefined;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isOrdered(value[i])) return false;
    return true;
  }
  let last = '';
  for (const key in value) {
    // `__proto__` sorts like any other key, but does not survive every decoder, so it takes the careful path.
    if (key < last || key === '__proto__') return false;
    last = key;
    if (!isOrdered((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}

/** A document has its tables this deep at most; what lies in them is small. */
const documentDepth = 3;

let exact = true;

function quoted(text: string): string {
  if (text.isWellFormed()) return JSON.stringify(text);
  exact = false;
  return JSON.stringify(text.toWellFormed());
}

function ordered(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      assert(Number.isFinite(value), 'a number that is not finite has no JSON');
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      break;
    default:
      assert(value === undefined, `a ${typeof value} has no JSON`);
      exact = false;
      return 'null';
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    let text = '[';
    for (let i = 0; i < value.length; i++) text += i === 0 ? ordered(value[i]) : `,${ordered(value[i])}`;
    return `${text}]`;
  }
  const keys = Object.keys(value);
  let last = '';
  for (const key of keys) {
    if (key < last) {
      // The default order of sort() is by UTF-16 units, which is what RFC 8785 asks for.
      keys.sort();
      break;
    }
    last = key;
  }
  let text = '{';
  for (const key of keys) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined || key === '__proto__') exact = false;
    if (member === undefined) continue;
    text += `${text.length > 1 ? ',' : ''}${quoted(key)}:${ordered(member)}`;
  }
  return `${text}}`;
}

/** A copy with sorted keys, as far as objects can have them: keys that look like integers always come first. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isOrdered(value)) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    if (key === '__proto__') return value;
    copy[key] = inOrder((value as Record<string, unknown>)[key]);
  }
  return copy;
}

function written(value: unknown): Canonical | undefined {
  const text = JSON.stringify(value);
  // JSON.stringify writes a lone surrogate as an escape: only then is there something to make well-formed.
  return text.includes('\\ud') ? undefined : { text, exact: true, value };
}

/** The canonical text, and whether the value says the same without it. */
export function canonicalOf(value: unknown): Canonical {
  let canonical = isOrdered(value) ? written(value) : undefined;
  if (canonical !== undefined) return canonical;
  const copy = inOrder(value);
  if (isOrdered(copy)) canonical = written(copy);
  if (canonical !== undefined) return canonical;
  exact = true;
  const text = ordered(value);
  return { text, exact, value: exact ? value : JSON.parse(text) };
}

export function canonical(value: unknown): string {
  return canonicalOf(value).text;
}

/** So many characters are taken together: fewer are handed on one by one, and more are kept in memory at once. */
const pieceLength = 2 ** 16;

/** The canonical text of a large document, piece by piece: neither the text nor a sorted copy is ever there as a whole. */
export function canonicalInPieces(document: Readonly<Record<string, unknown>>, take: (piece: string) => void): void {
  let piece = '';
  const write = (value: unknown, depth: number): void => {
    if (depth === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) {
      piece += canonical(value);
    } else {
      const members = value as Readonly<Record<string, unknown>>;
      let separator = '{';
      for (const key of Object.keys(members).sort()) {
        if (members[key] === undefined) continue;
        piece += `${separator}${quoted(key)}:`;
        separator = ',';
        write(members[key], depth - 1);
      }
      piece += separator === '{' ? '{}' : '}';
    }
    if (piece.length < pieceLength) return;
    take(piece);
    piece = '';
  };
  write(document, documentDepth);
  take(piece);
}

/** Names need no escapes as a rule, and a test for that is cheaper than writing them with care. */
const plain = /^[\w/:. -]*$/;
const named = (text: string): string => (plain.test(text) ? `"${text}"` : JSON.stringify(text.toWellFormed()));

/** The envelope without `hash`; `data` is the canonical text of the event's data, when the caller has it. */
export function eventText(event: Envelope, data = event.data === undefined ? '' : canonical(event.data)): string {
  const { at, batch, by, cause, epoch, index, of, position, stream, streamVersion, type, v } = event;
  const middle = data === '' ? '' : `"data":${data},`;
  return `{"at":${at},"batch":${batch},"by":${named(by)},"cause":${cause},${middle}"epoch":${epoch},"index":${index},"of":${of},"position":${position},"stream":${named(stream)},"streamVersion":${streamVersion},"type":${named(type)},"v":${v}}`;
}

/** The bytes that the hash chain covers. */
export function eventBytes(event: Envelope): Uint8Array {
  return Buffer.from(eventText(event));
}

/** One line of `log -o jsonl` and of `export`: the canonical bytes with `hash` as the last member. */
export function hashedLine(event: Envelope & { readonly hash?: string }): string {
  const text = eventText(event);
  return event.hash === undefined ? text : `${text.slice(0, -1)},"hash":"${event.hash}"}`;
}
