/**
 * Takes all that a descriptor has when it has something. The event loop is told once for what a program wrote in many
 * pieces: a terminal gives at most 4 KiB at once, and a turn of the loop for each of them costs more than the bytes.
 */
import { readSync } from 'node:fs';
import type { OnReadOpts } from 'node:net';
import type { Running } from './running.ts';

/** Buffer of the event loop for one descriptor; the size of the pieces that a terminal gives. */
const PIECE_BYTES = 4096;
/** Taken in one turn; other programs want their turn, too. */
const TURN_BYTES = 64 * 1024;
/** Chunks are cut from these; one is freed when all of them are on disk. */
const SLAB_BYTES = 256 * 1024;

/** Options of a stream over `fd` that gives its chunks to whoever `running.onOutput` names then. */
export function drained(fd: number, running: Pick<Running, 'onOutput'>): { onread: OnReadOpts } {
  const callback = (length: number, piece: Uint8Array) => {
    running.onOutput(drain(fd, piece, length));
    return true;
  };
  return { onread: { buffer: Buffer.allocUnsafeSlow(PIECE_BYTES), callback } };
}

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let used = 0;

/**
 * The first `length` bytes of `first`, which the event loop has read, and what more there is, as one chunk of its own.
 * Ends and errors of the descriptor are left to the event loop, which meets them next.
 */
function drain(fd: number, first: Uint8Array, length: number): Buffer {
  if (SLAB_BYTES - used < TURN_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    used = 0;
  }
  slab.set(length === first.length ? first : first.subarray(0, length), used);
  let end = used + length;
  const limit = used + TURN_BYTES;
  for (let last = length; last >= PIECE_BYTES - 1 && end < limit; end += last) {
    last = readMore(fd, end, limit - end);
  }
  const chunk = slab.subarray(used, end);
  used = end;
  return chunk;
}

function readMore(fd: number, at: number, length: number): number {
  try {
    return readSync(fd, slab, at, length, null);
  } catch {
    return 0; // It has nothing more now, or is gone.
  }
}
