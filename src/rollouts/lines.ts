/** The lines of a file with their places, one after the other, in bounded memory whatever their length. */
import { closeSync, openSync, readSync } from 'node:fs';
import { HugeLine } from './hugeLine.ts';

export interface Line {
  /** Of the first byte. */
  readonly offset: number;
  /** With the line end. */
  readonly bytes: number;
  /** Without the line end; valid until the next line is taken. */
  readonly content: Buffer;
  /** Instead of the content, when that is too long to be held. */
  readonly huge?: HugeLine;
  /** The file ends without a line end. */
  readonly unended?: true;
}

/** Read at once; several files are open to an import at a time. */
const chunkBytes = 2 ** 20;
/** Lines up to here are parsed whole. */
const lineBytesMax = 4 * 2 ** 20;

const newline = 10;
const nothing = Buffer.alloc(0);

export class Lines {
  readonly #path: string;
  readonly #to: number;
  #held: Buffer = nothing;
  /** Offset in the file of the first byte held. */
  #offset = 0;
  /** Next byte to look at in what is held. */
  #from = 0;
  #isEnd = false;

  /** `to`: what is written after the file was found belongs to the next import. `from`: where a line begins. */
  constructor(path: string, to = Number.MAX_SAFE_INTEGER, from = 0) {
    this.#path = path;
    this.#to = to;
    this.#offset = from;
  }

  /** How far lines have been taken. */
  get position(): number {
    return this.#offset + this.#from;
  }

  next(): Line | undefined {
    for (;;) {
      const end = this.#held.indexOf(newline, this.#from);
      if (end >= 0) return this.#line(end);
      if (this.#isEnd) return this.#last();
      if (this.#held.length - this.#from > lineBytesMax) return this.#hugeLine();
      this.#more();
    }
  }

  #line(end: number): Line {
    const offset = this.position;
    const content = this.#held.subarray(this.#from, end);
    this.#from = end + 1;
    return { offset, bytes: content.length + 1, content };
  }

  #last(): Line | undefined {
    if (this.#from === this.#held.length) return undefined;
    const offset = this.position;
    const content = this.#held.subarray(this.#from);
    this.#from = this.#held.length;
    return { offset, bytes: content.length, content, unended: true };
  }

  /** What is held from `from` on, and as much more as is read at once. Opened anew each time: a thousand files may be waiting. */
  #more(): void {
    const rest = this.#held.length - this.#from;
    const at = this.#offset + this.#held.length;
    const room = Math.max(0, Math.min(chunkBytes, this.#to - at));
    const buffer = Buffer.allocUnsafe(rest + room);
    this.#held.copy(buffer, 0, this.#from);
    this.#offset += this.#from;
    this.#from = 0;
    const file = openSync(this.#path, 'r');
    try {
      const read = room === 0 ? 0 : readSync(file, buffer, rest, room, at);
      if (read === 0) this.#isEnd = true;
      this.#held = buffer.subarray(0, rest + read);
    } finally {
      closeSync(file);
    }
  }

  #hugeLine(): Line {
    const offset = this.position;
    const huge = new HugeLine();
    for (;;) {
      const end = this.#held.indexOf(newline, this.#from);
      if (end >= 0) {
        huge.feed(this.#held.subarray(this.#from, end));
        this.#from = end + 1;
        return { offset, bytes: huge.bytes + 1, content: nothing, huge };
      }
      huge.feed(this.#held.subarray(this.#from));
      this.#from = this.#held.length;
      if (this.#isEnd) return { offset, bytes: huge.bytes, content: nothing, huge, unended: true };
      this.#more();
    }
  }
}
