/** One file of an import: its records one after the other, with what was wrong between them. */
import { Lines } from './lines.ts';
import { type Defect, recordOf, type SourceRecord } from './record.ts';
import { timeOf } from './shape.ts';
import type { Source, Teller } from './teller.ts';

/** The next thing a file says; without a record only that something is wrong with a line. */
export interface Head {
  readonly offset: number;
  readonly at: number;
  readonly kind?: string;
  readonly record?: SourceRecord;
  readonly defects: readonly Defect[];
}

export class Feed {
  readonly source: Source;
  /** Lines by kind, from `countFrom` on. */
  readonly kinds: Record<string, number> = {};
  /** Defects by what they are. */
  readonly defects: Record<string, number> = {};
  /** Lines looked at. */
  lines = 0;
  /** Everything before has been taken; a torn end has not. */
  position = 0;
  /** Bytes at the end that may still be being written. */
  heldBack = 0;
  head: Head | undefined;
  /** Lines before this offset are in the log already. */
  readonly knownTo: number;
  readonly #lines: Lines;
  readonly #countFrom: number;
  #at: number;

  /** `countFrom`: lines before it have been counted by an import before. */
  constructor(source: Source, { countFrom, knownTo }: { readonly countFrom: number; readonly knownTo: number }) {
    this.source = source;
    this.#lines = new Lines(source.path, source.bytes, source.from);
    this.#countFrom = countFrom;
    this.knownTo = knownTo;
    this.#at = source.teller.at;
  }

  get teller(): Teller {
    return this.source.teller;
  }

  #count(kind: string, offset: number): void {
    if (offset >= this.#countFrom) this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
  }

  #fault({ defect }: Defect, offset: number): void {
    if (offset >= this.#countFrom) this.defects[defect] = (this.defects[defect] ?? 0) + 1;
  }

  /** To the next line that says something; `head` is undefined behind the last one. */
  advance(): void {
    const { teller } = this;
    for (;;) {
      const line = this.#lines.next();
      if (line === undefined) {
        this.head = undefined;
        return;
      }
      const { offset, bytes, content } = line;
      if (this.source.isOwn?.(offset) === false) continue;
      const silent = line.huge === undefined ? teller.silentKind(content) : undefined;
      if (silent !== undefined) {
        this.#passed(offset + bytes);
        this.#count(silent, offset);
        continue;
      }
      const { record, defects, heldBack, blank } = recordOf(
        line,
        line.huge === undefined ? teller.headOf?.(content) : undefined,
      );
      if (heldBack) {
        this.heldBack = bytes;
        this.head = undefined;
        return;
      }
      this.#passed(offset + bytes);
      for (const defect of defects) this.#fault(defect, offset);
      if (record === undefined) {
        if (blank && defects.length === 0) this.#count('(blank)', offset);
        if (defects.length === 0) continue;
        this.head = { offset, at: this.#at, defects };
        return;
      }
      const value = teller.normal(record.value);
      const kind = teller.kindOf(value);
      this.#count(kind, offset);
      this.#at = timeOf(value.timestamp) ?? this.#at;
      const isSilent = teller.isSilent(kind);
      if (isSilent && defects.length === 0) continue;
      this.head = { offset, at: this.#at, kind, defects, ...(!isSilent && { record: { ...record, value } }) };
      return;
    }
  }

  #passed(position: number): void {
    this.position = position;
    this.lines += 1;
  }
}
