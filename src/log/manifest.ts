/**
 * What LevelDB's manifest says about the numbers of files: from which on a database that is opened numbers new ones.
 * Form: https://github.com/google/leveldb/blob/main/doc/log_format.md and db/version_edit.cc.
 */

const blockBytes = 32_768;
/** CRC, length, kind. */
const headerBytes = 7;
const kinds = { full: 1, first: 2, middle: 3, last: 4 };

/** Records of a LevelDB log file, put together from their pieces; a torn last one is left out. */
function* recordsIn(file: Buffer): Generator<Buffer> {
  let pieces: Buffer[] = [];
  for (let at = 0; at + headerBytes <= file.length; ) {
    const left = blockBytes - (at % blockBytes);
    const length = file.readUInt16LE(at + 4);
    const kind = file[at + 6];
    if (left < headerBytes || (kind === 0 && length === 0)) {
      at += left;
      continue;
    }
    const piece = file.subarray(at + headerBytes, at + headerBytes + length);
    at += headerBytes + length;
    pieces = kind === kinds.full || kind === kinds.first ? [piece] : [...pieces, piece];
    if (kind === kinds.full || kind === kinds.last) yield Buffer.concat(pieces);
  }
}

type Part = 'number' | 'text';

/** What is in a field, by its tag. */
const parts: Readonly<Record<number, readonly Part[]>> = {
  1: ['text'], // comparator
  2: ['number'], // write-ahead file
  3: ['number'], // next file
  4: ['number'], // last sequence
  5: ['number', 'text'], // where compaction goes on
  6: ['number', 'number'], // table taken away
  7: ['number', 'number', 'number', 'text', 'text'], // new table
  9: ['number'], // write-ahead file before
};

class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  /** Little-endian groups of seven bits. */
  number(): number {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new RangeError('a manifest that ends within a number');
      this.#at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  pass(part: Part): void {
    const value = this.number();
    if (part === 'text') this.#at += value;
  }
}

const nextFileTag = 3;

/** Files with lower numbers are never written again by whoever opens the database; 0 where that cannot be read. */
export function nextFileNumber(manifest: Buffer): number {
  let next = 0;
  try {
    for (const record of recordsIn(manifest)) {
      const fields = new Fields(record);
      while (fields.more) {
        const tag = fields.number();
        const inside = parts[tag];
        if (inside === undefined) return 0;
        for (const part of inside) {
          if (tag === nextFileTag) next = fields.number();
          else fields.pass(part);
        }
      }
    }
  } catch {
    return 0;
  }
  return next;
}
