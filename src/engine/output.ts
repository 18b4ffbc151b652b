/** Output of a command as a model sees it: head and tail with exact counts of what is left out, UTF-8 never cut. */
import type { Output } from '../host/port.ts';

export type ReadOutput = (from: number, maxBytes: number) => Promise<Output | undefined>;

export interface Excerpt {
  readonly text: string;
  /** Byte offset up to which the output has been given or counted as omitted. */
  readonly to: number;
  readonly bytes: number;
}

/** One read of the host at most. */
const chunkBytesMax = 1024 * 1024;
/** Rough size of a token, in bytes. */
const tokenBytes = 4;
/** Bytes after the start of an unfinished character at most. */
const characterBytesMax = 3;

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** Length without a character that is cut at the end. */
function wholeLength(bytes: Uint8Array): number {
  let start = bytes.length - 1;
  while (start >= 0 && bytes.length - start <= characterBytesMax && isContinuation(bytes[start])) start -= 1;
  const lead = bytes[start];
  if (lead === undefined || lead < 0xc0) return bytes.length;
  const needs = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return bytes.length - start < needs ? start : bytes.length;
}

/** Offset of the first byte that starts a character. */
function firstWhole(bytes: Uint8Array): number {
  let start = 0;
  while (start < characterBytesMax && isContinuation(bytes[start])) start += 1;
  return start;
}

async function readRange(
  read: ReadOutput,
  from: number,
  to: number,
): Promise<{ parts: Uint8Array[]; omitted: number; reached: number }> {
  const parts: Uint8Array[] = [];
  let omitted = 0;
  let at = from;
  while (at < to) {
    const output = await read(at, Math.min(chunkBytesMax, to - at));
    if (output === undefined || output.to <= at) break;
    omitted += output.omitted;
    parts.push(output.bytes);
    at = output.to;
  }
  return { parts, omitted, reached: at };
}

const omission = (bytes: number): string => `\n... ${bytes} bytes omitted ...\n`;

/** Output from `from` to `size`, at most `bytesMax` of it. `ended`: an unfinished character at the end will not be finished. */
export async function excerpt(
  read: ReadOutput,
  from: number,
  size: number,
  bytesMax: number,
  ended: boolean,
): Promise<Excerpt> {
  const all = size - from;
  if (all <= bytesMax) {
    const { parts, omitted, reached } = await readRange(read, from, size);
    const bytes = Buffer.concat(parts);
    const keep = ended ? bytes.length : wholeLength(bytes);
    const gone = omitted > 0 ? omission(omitted) : '';
    return { text: gone + bytes.subarray(0, keep).toString('utf8'), to: reached - (bytes.length - keep), bytes: keep };
  }
  const half = Math.floor(bytesMax / 2);
  const head = Buffer.concat((await readRange(read, from, from + half)).parts);
  const tail = Buffer.concat((await readRange(read, size - half, size)).parts);
  const headEnd = wholeLength(head);
  const tailStart = firstWhole(tail);
  const tailEnd = ended ? tail.length : wholeLength(tail);
  const shown = headEnd + (tailEnd - tailStart);
  const left = all - shown - (tail.length - tailEnd);
  const text =
    head.subarray(0, headEnd).toString('utf8') + omission(left) + tail.subarray(tailStart, tailEnd).toString('utf8');
  return { text, to: size - (tail.length - tailEnd), bytes: all };
}

export const tokensOf = (bytes: number): number => Math.ceil(bytes / tokenBytes);

/** Keeps head and tail of a text within a token budget and says how much is gone. */
export function withinTokens(text: string, tokensMax: number): string {
  const bytes = Buffer.from(text);
  const budget = Math.max(0, tokensMax) * tokenBytes;
  if (bytes.length <= budget) return text;
  const half = Math.floor(budget / 2);
  const head = bytes.subarray(0, half);
  const tail = bytes.subarray(bytes.length - half);
  const headText = head.subarray(0, wholeLength(head)).toString('utf8');
  const tailText = tail.subarray(firstWhole(tail)).toString('utf8');
  const gone = tokensOf(bytes.length - Buffer.byteLength(headText) - Buffer.byteLength(tailText));
  return `Warning: truncated output (original token count: ${tokensOf(bytes.length)})\n${headText}\n…${gone} tokens truncated…\n${tailText}`;
}

export interface CommandResult {
  readonly chunkId: string;
  readonly wallMs: number;
  readonly exitCode?: number;
  readonly sessionId?: number;
  readonly tokens: number;
  readonly output: string;
  /** Processes that were ended to make room for this one. */
  readonly pruned?: readonly { readonly sessionId: number; readonly agent: string }[];
}

/** Text and fields in the form models know from unified exec. */
export function present(result: CommandResult): { readonly text: string; readonly fields: Record<string, unknown> } {
  const { chunkId, wallMs, exitCode, sessionId, tokens, output, pruned = [] } = result;
  const state =
    sessionId === undefined ? `Process exited with code ${exitCode}` : `Process running with session ID ${sessionId}`;
  const lines = [
    `Chunk ID: ${chunkId}`,
    `Wall time: ${(wallMs / 1000).toFixed(4)} seconds`,
    state,
    `Original token count: ${tokens}`,
    ...pruned.map((p) => `Ended to make room for this one: session ${p.sessionId} of ${p.agent}`),
    'Output:',
  ];
  return {
    text: `${lines.join('\n')}\n${output}`,
    fields: {
      chunk_id: chunkId,
      wall_time_seconds: Number((wallMs / 1000).toFixed(4)),
      ...(exitCode !== undefined && { exit_code: exitCode }),
      ...(sessionId !== undefined && { session_id: sessionId }),
      original_token_count: tokens,
      ...(pruned.length > 0 && { pruned: pruned.map((p) => p.sessionId) }),
      output,
    },
  };
}
