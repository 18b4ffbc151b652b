/** Where an event of another tool's rollout comes from, and how sure it is: the same member in the data of every kind of event. */
import * as t from 'io-ts';

export const Mark = t.keyof(
  {
    /** The rollout says so. */
    written: null,
    /** It follows from what the rollout says, or from what it does not say. */
    inferred: null,
    /** It must have been, and the rollout does not tell how: its particulars are placeholders. */
    unknowable: null,
    /** Slots and residency under the policy that is named for the tree; no rollout holds them. */
    computed: null,
  },
  'Mark',
);
export type Mark = t.TypeOf<typeof Mark>;

/** `file`, `offset` and `part` are the id of an imported event: they stay the same however often and from wherever it is imported. */
export const Imported = t.intersection(
  [
    t.type({
      /** Number of the `SourceFound` that names the file. */
      file: t.number,
      /** Of the line's first byte. */
      offset: t.number,
      /** Which of the events of that line, from 0. */
      part: t.number,
      mark: Mark,
    }),
    /** When it happened according to the rollout, where that is before `at` of the envelope, which never decreases. */
    t.partial({ at: t.number }),
  ],
  'Imported',
);
export type Imported = t.TypeOf<typeof Imported>;
