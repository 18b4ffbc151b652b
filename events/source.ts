/** Facts about the files that a log was imported from: which they are, how far they have been read, and what was wrong with them. */
import * as t from 'io-ts';
import { aggregate, fact, shape } from './fact.ts';
import { AgentId } from './ids.ts';

const source = aggregate('source', (d: { file: number }) => d.file);

export const SourceFound = fact(
  'SourceFound',
  source,
  shape(
    {
      /** Counts up from 1 per log. */
      file: t.number,
      from: t.keyof({ codex: null, claude: null }),
      /** What the tool calls what the file is about (a thread, a session): the same in every copy of it. */
      key: t.string,
      /** Without folders, which differ from machine to machine. */
      name: t.string,
      agentId: AgentId,
    },
    /** For the file of a root: the rules by which slots and residency of its tree are computed, such as `codex-v1(max=6)`. */
    { policy: t.string },
  ),
);

export const SourceRead = fact(
  'SourceRead',
  source,
  t.type({
    file: t.number,
    /** The file has been read up to here. */
    bytes: t.number,
    /** Of the last `tail` bytes before that: a file that was rewritten meanwhile has another one. */
    sha256: t.string,
    tail: t.number,
    /** Lines by kind, as the tool calls them, since the `SourceRead` before this one. */
    kinds: t.record(t.string, t.number),
  }),
);

export const DefectFound = fact(
  'DefectFound',
  source,
  t.type({ file: t.number, defect: t.string, bytes: t.number, handled: t.string }),
);

/** A line that has no event of its own: kept as it is, up to a limit, so that nothing is dropped without a word. */
export const RecordKept = fact(
  'RecordKept',
  source,
  t.type({ file: t.number, kind: t.string, bytes: t.number, text: t.string }),
);
