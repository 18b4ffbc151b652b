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
    while (this.size < wanted) await this.#writing;
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
    this.#writing ??= this.#writeQueue();
  }

  async #writeQueue(): Promise<void> {
    while (this.#queue.length > 0) {
      const bytes = this.#queue.length === 1 ? this.#queue[0]! : Buffer.concat(this.#queue);
      this.#queue = [];
      for (let written = 0; written < bytes.length; ) {
        const segment = this.#segmentWithRoom();
        const room = (segment.base === 0 ? this.#headBytes : this.#tailBytes) - segment.length;
        const part = bytes.subarray(written, written + room);
        segment.length += await this.#write(segment.path, part);
        written += part.length;
        this.size += part.length;
      }
      this.#queued -= bytes.length;
      this.#onProgress();
      if (this.#pressed && this.#queued <= QUEUE_BYTES_LOW) {
        this.#pressed = false;
        this.#onRelief();
      }
    }
    if (this.#closing) await this.#closeFile();
    this.#writing = this.#queue.length > 0 ? this.#writeQueue() : undefined;
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
  async #write(path: string, bytes: Buffer): Promise<number> {
    let written = 0;
    try {
      if (this.#filePath !== path) {
        await this.#closeFile();
        this.#file = await open(path, 'a', 0o600);
        this.#filePath = path;
      }
      while (written < bytes.length) {
        written += (await this.#file!.write(bytes, written, bytes.length - written)).bytesWritten;
      }
    } catch (error) {
      console.error(`spool ${path}: ${bytes.length - written} bytes dropped: ${String(error)}`);
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
