/**
 * A line too long to be held in memory, looked at byte by byte as it passes: its short members near the top, its length
 * and its digest. A compaction embeds the whole history, and lines of 50 MB have been seen.
 */
import { createHash } from 'node:crypto';

/** Deeper members name no kind and no id. */
const depthMax = 3;
const stringBytesMax = 512;

const [quote, backslash, open, close, openArray, closeArray, comma, colon] = [...'"\\{}[],:'].map((c) =>
  c.charCodeAt(0),
);

export class HugeLine {
  readonly #digest = createHash('sha256');
  readonly #objects: boolean[] = [];
  readonly #keys: string[] = [];
  readonly #value: Record<string, unknown> = {};
  #bytes = 0;
  #inString = false;
  #escaped = false;
  #isKey = false;
  #token: number[] = [];
  #tokenBytes = 0;
  #faulty = false;
  #done = false;

  feed(part: Uint8Array): void {
    this.#digest.update(part);
    this.#bytes += part.length;
    for (let i = 0; i < part.length; i += 1) {
      const byte = part[i]!;
      if (this.#inString) this.#within(byte);
      else this.#between(byte);
    }
  }

  /** Whether it was one whole JSON object. */
  get whole(): boolean {
    return this.#done && !this.#faulty;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What is short and near the top; of long texts the beginning. */
  skeleton(): Record<string, unknown> {
    return this.#value;
  }

  sha256(): string {
    return this.#digest.digest('hex');
  }

  #within(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === backslash) this.#escaped = true;
    else if (byte === quote) {
      this.#inString = false;
      this.#string();
      return;
    }
    this.#keep(byte);
  }

  #keep(byte: number): void {
    this.#tokenBytes += 1;
    if (this.#tokenBytes <= stringBytesMax && this.#objects.length <= depthMax) this.#token.push(byte);
  }

  #between(byte: number): void {
    switch (byte) {
      case quote:
        this.#inString = true;
        return;
      case open:
      case openArray:
        this.#objects.push(byte === open);
        this.#isKey = byte === open;
        this.#keys[this.#objects.length] = '';
        return;
      case close:
      case closeArray:
        this.#literal();
        if (this.#objects.pop() !== (byte === close)) this.#faulty = true;
        this.#isKey = false;
        if (this.#objects.length === 0) this.#done = true;
        return;
      case comma:
        this.#literal();
        this.#isKey = this.#objects[this.#objects.length - 1] === true;
        return;
      case colon:
        this.#isKey = false;
        return;
      default:
        if (byte <= 32) return;
        if (this.#done) this.#faulty = true;
        this.#keep(byte);
    }
  }

  #taken(): string {
    const text = Buffer.from(this.#token).toString('utf8');
    this.#token = [];
    this.#tokenBytes = 0;
    return text;
  }

  #string(): void {
    const isLong = this.#tokenBytes > stringBytesMax;
    const raw = this.#taken();
    // A cut may have fallen into an escape.
    const text = unescaped(isLong ? raw.replace(/\\[^\\]{0,5}$/, '') : raw);
    if (this.#isKey) this.#keys[this.#objects.length] = text;
    else this.#put(isLong ? `${text}…` : text);
  }

  #literal(): void {
    if (this.#tokenBytes === 0) return;
    if (this.#objects.length > depthMax) {
      this.#tokenBytes = 0;
      return;
    }
    try {
      this.#put(JSON.parse(this.#taken()));
    } catch {
      this.#faulty = true;
    }
  }

  #put(value: unknown): void {
    const depth = this.#objects.length;
    if (depth === 0 || depth > depthMax || this.#objects.includes(false)) return;
    let at = this.#value;
    for (let i = 1; i < depth; i += 1) {
      const key = this.#keys[i]!;
      if (key === '__proto__') return;
      at = (Object.hasOwn(at, key) ? at[key] : (at[key] = {})) as Record<string, unknown>;
      if (typeof at !== 'object' || at === null) return;
    }
    const key = this.#keys[depth]!;
    if (key !== '__proto__') at[key] = value;
  }
}

function unescaped(raw: string): string {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw;
  }
}
