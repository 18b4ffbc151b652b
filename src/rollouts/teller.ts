/** What a tool's importer knows about one file: which lines say something, what they wait for, and what they say. */
import type { Json, SourceRecord } from './record.ts';

/** What other files of the import have still to say. */
export interface Others {
  /** Whether the agent's own file may yet tell something that happened before this moment, or shortly after: clocks differ. */
  mayTell(agentId: string, at: number): boolean;
}

export interface Teller {
  /** What the tool calls what the file is about. */
  readonly key: string;
  readonly name: string;
  readonly agentId: string | undefined;
  /** Before the first line with a time. */
  readonly at: number;
  /** The kind of a line that says nothing, where that can be told without parsing it. */
  silentKind(line: Buffer): string | undefined;
  /** A long line without its end, as JSON: where that end is of no use, which most of the longest lines are. */
  headOf?(line: Buffer): string | undefined;
  /** The record with the envelope of the tool's newer versions. */
  normal(value: Json): Json;
  kindOf(value: Json): string;
  isSilent(kind: string): boolean;
  /** Whether something must be told first that only another file can tell. */
  waits(kind: string, value: Json, at: number, others: Others): boolean;
  tell(kind: string, record: SourceRecord): void;
}

/** A file to import. */
export interface Source {
  readonly path: string;
  /** What is written behind this, while the import goes on, belongs to the next one. */
  readonly bytes: number;
  readonly teller: Teller;
  /** Where its first line begins, and which lines are its own, where it shares a file with others. */
  readonly from?: number;
  readonly isOwn?: (offset: number) => boolean;
}

/** A file that is not imported, and why. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
}
