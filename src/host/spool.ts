/**
 * The output of one process on disk, by append, with exact offsets and a hash over every byte. Above its cap the head
 * half and the newest tail are kept; above its queue it asks the source to pause (PR10).
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { readSegments, type Segment, type Slice } from './spoolReader.ts';

/** Bytes that wait for the disk before the source is paused, and when it may go on. */
const QUEUE_BYTES_MAX = 1024 * 1024;
const QUEUE_BYTES_LOW = 256 * 1024;
/** Waits for the rest of a burst, so that a flood is a few large writes and not one for each piece a terminal gives. */
const GATHER_MS = 4;
/** Written without waiting for more. */
const GATHER_BYTES = 256 * 1024;
/** Tails beside the head: the one being written and the one before it. */
const TAILS_KEPT = 2;

export class Spool {
  /** Bytes taken in so far, on disk or not. */
  received = 0;
  /** Bytes that readers can be told of: on disk or dropped. */
  size = 0;
  readonly #hash = createHash('sha256');
  readonly #base: string;
  readonly #headBytes: number;
  readonly #tailBytes: number;
  readonly #onProgress: () => void;
  readonly #onRelief: () => void;
  #segments: { path: string; base: number; length: number }[] = [];
  #file: FileHandle | undefined;
  #queue: Buffer[] = [];
  #queued = 0;
  #pressed = false;
  #closing = false;
  #writing: Promise<void> | undefined;
  /** Ends a wait for the rest of a burst. */
  #hurry: () => void = () => undefined;
  /** Called after the next write. */
  #waiting: (() => void)[] = [];
  #filePath: string | undefined;

  /** `base`: path without the suffix. `onProgress`: size grew. `onRelief`: the source may go on after a pause. */
  constructor(base: string, bytesMax: number, onProgress: () => void, onRelief: () => void) {
    this.#base = base;
    this.#headBytes = Math.max(1, Math.floor(bytesMax / 2));
    this.#tailBytes = Math.max(1, Math.floor(bytesMax / (2 * TAILS_KEPT)));
    this.#onProgress = onProgress;
    this.#onRelief = onRelief;
  }

  /** False: pause the source until `onRelief`. */
  append(chunk: Buffer): boolean {
    this.#hash.update(chunk);
    this.received += chunk.length;
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    this.#writing ??= this.#writeQueue();
    if (this.#queued >= GATHER_BYTES) this.#hurry();
    this.#pressed ||= this.#queued > QUEUE_BYTES_MAX;
    return !this.#pressed;
  }

  /** Hex SHA-256 of everything received so far. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Everything received before this call is on disk (or dropped). */
  async settled(): Promise<void> {
    const wanted = this.received;
    while (this.size < wanted) {
      this.#hurry();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  read(from: number, bytesMax: number): Slice {
    return readSegments(this.#segments, this.size, from, bytesMax);
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** No more will come. */
  close(): void {
    this.#closing = true;
    this.#hurry();
    this.#writing ??= this.#writeQueue();
  }

  async #writeQueue(): Promise<void> {
    while (this.#queue.length > 0) {
      const chunks = this.#queue;
      this.#queue = [];
      for (let rest = chunks; rest.length > 0; ) {
        const segment = this.#segmentWithRoom();
        const room = (segment.base === 0 ? this.#headBytes : this.#tailBytes) - segment.length;
        const [part, later] = cut(rest, room);
        segment.length += await this.#write(segment.path, part);
        this.size += lengthOf(part);
        rest = later;
      }
      this.#queued -= lengthOf(chunks);
      for (const resolve of this.#waiting.splice(0)) resolve();
      this.#onProgress();
      if (this.#pressed && this.#queued <= QUEUE_BYTES_LOW) {
        this.#pressed = false;
        this.#onRelief();
      }
      if (!this.#closing) await this.#burst();
    }
    if (this.#closing) await this.#closeFile();
    this.#writing = this.#queue.length > 0 ? this.#writeQueue() : undefined;
  }

  /** Until more of it may have come. */
  #burst(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The last segment if the next byte belongs right behind it and it is not full; else a new one. */
  #segmentWithRoom() {
    const last = this.#segments.at(-1);
    const full = last?.base === 0 ? this.#headBytes : this.#tailBytes;
    if (last && last.base + last.length === this.size && last.length < full) return last;
    // Nothing of it reached the disk: it must not push out a tail that did.
    if (last?.length === 0) rmSync(this.#segments.pop()!.path, { force: true });
    const path = this.size === 0 ? `${this.#base}.out` : `${this.#base}.${this.size}.out`;
    const segment = { path, base: this.size, length: 0 };
    this.#segments.push(segment);
    const tails = this.#segments.filter(({ base }) => base > 0);
    for (const old of tails.slice(0, -TAILS_KEPT)) {
      rmSync(old.path, { force: true });
      this.#segments = this.#segments.filter((kept) => kept !== old);
    }
    return segment;
  }

  /** Bytes that reached the disk. What a full disk refuses is dropped: the gap in the offsets is its omission record. */
  async #write(path: string, chunks: readonly Buffer[]): Promise<number> {
    let written = 0;
    try {
      if (this.#filePath !== path) {
        await this.#closeFile();
        this.#file = await open(path, 'a', 0o600);
        this.#filePath = path;
      }
      for (let rest = chunks; rest.length > 0; ) {
        const { bytesWritten } = await this.#file!.writev(rest);
        written += bytesWritten;
        rest = cut(rest, bytesWritten)[1];
      }
    } catch (error) {
      console.error(`spool ${path}: ${lengthOf(chunks) - written} bytes dropped: ${String(error)}`);
    }
    return written;
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#filePath = undefined;
    await file?.close().catch(() => undefined);
  }
}

const lengthOf = (chunks: readonly Buffer[]): number => chunks.reduce((sum, { length }) => sum + length, 0);

/** The first `length` bytes, and the rest. */
function cut(chunks: readonly Buffer[], length: number): [Buffer[], Buffer[]] {
  const first: Buffer[] = [];
  let room = length;
  for (const [at, chunk] of chunks.entries()) {
    if (chunk.length > room) {
      const rest = [chunk.subarray(room), ...chunks.slice(at + 1)];
      return [room === 0 ? first : [...first, chunk.subarray(0, room)], rest];
    }
    first.push(chunk);
    room -= chunk.length;
  }
  return [first, []];
}
