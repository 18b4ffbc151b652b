/**
 * What goes over the host's socket. A frame is: length of the rest (u32, big endian), length of the JSON (u32), JSON, then
 * raw bytes, so that output is never encoded. The first frame of a connection is a `Hello`.
 */
import { Failure } from '../failure.ts';
import type { Notice } from './keyboard.ts';
import type { Exit, Typed } from './port.ts';

/** A frame above this is refused: 8 MiB, head included. */
export const FRAME_BYTES_MAX = 8 * 1024 * 1024;
/** Output in one answer; a reader asks again for more. */
export const READ_BYTES_MAX = 4 * 1024 * 1024;
/** Input in one request. */
export const WRITE_BYTES_MAX = 4 * 1024 * 1024;
const LENGTHS = 8;

export interface Hello {
  readonly token: string;
}

export interface Request {
  /** Per connection; the answer carries it. `cancel` takes the id of the request it cancels, and has no answer. */
  readonly id: number;
  readonly op: string;
  readonly args: readonly unknown[];
}

export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly retryable?: boolean;
}

export type Reply =
  | { readonly welcome: string }
  | { readonly id: number; readonly value?: unknown; readonly fault?: Fault }
  | { readonly exited: number; readonly exit: Exit }
  | { readonly written: number; readonly typed: Typed }
  | { readonly at: number; readonly notice: Notice };

export interface Frame {
  readonly json: unknown;
  readonly bytes: Uint8Array;
}

export function encodeFrame(json: unknown, bytes: Uint8Array = new Uint8Array(0)): Buffer {
  const text = Buffer.from(JSON.stringify(json));
  const head = Buffer.alloc(LENGTHS);
  head.writeUInt32BE(4 + text.length + bytes.length, 0);
  head.writeUInt32BE(text.length, 4);
  if (4 + text.length + bytes.length > FRAME_BYTES_MAX) throw oversized(text.length + bytes.length);
  return Buffer.concat([head, text, bytes]);
}

/** Takes chunks as they come and gives whole frames; throws a Failure on anything that is not one. */
export class FrameReader {
  /** Until the other side is known, it must not make us buffer much. */
  bytesMax: number;
  #chunks: Buffer[] = [];
  #buffered = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  next(): Frame | undefined {
    if (this.#buffered < LENGTHS) return undefined;
    const head = this.#front(LENGTHS);
    const length = head.readUInt32BE(0);
    const textLength = head.readUInt32BE(4);
    if (length > this.bytesMax) throw oversized(length);
    if (length < 4 || textLength > length - 4) throw garbage();
    if (this.#buffered < 4 + length) return undefined;
    const frame = this.#front(4 + length).subarray(0, 4 + length);
    this.#drop(4 + length);
    try {
      const json: unknown = JSON.parse(frame.toString('utf8', LENGTHS, LENGTHS + textLength));
      return { json, bytes: frame.subarray(LENGTHS + textLength) };
    } catch {
      throw garbage();
    }
  }

  /** The first chunk, made at least `length` long. */
  #front(length: number): Buffer {
    if (this.#chunks[0]!.length < length) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }

  #drop(length: number): void {
    this.#buffered -= length;
    const rest = this.#chunks[0]!.subarray(length);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
  }
}

function oversized(length: number): Failure {
  return new Failure('HOLDFAST_HOST_FRAME_TOO_LARGE', `a frame of ${length} bytes is above the limit`, {
    remedy: `send at most ${FRAME_BYTES_MAX} bytes at once`,
    details: { length },
  });
}

function garbage(): Failure {
  return new Failure('HOLDFAST_HOST_FRAME_INVALID', 'what came over the socket of the process host is not a frame', {
    remedy: 'speak to the host only through its client',
  });
}
