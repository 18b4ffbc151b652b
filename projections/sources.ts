/** The files that a log was imported from, and how far each has been read: what an import goes on from. */
import type { HoldfastEvent } from '../events/catalogue.ts';
import type { Reducers } from './reducers.ts';
import type { State } from './state.ts';

export const sources: Reducers = {
  SourceFound: (draft, { data }) => {
    const { files, byKey } = (draft.sources ??= { files: {}, byKey: {} });
    const { file, from, key, name, agentId, policy } = data;
    files[file] = { file, from, key, name, agentId, last: -1, bytes: 0, tail: 0, defects: 0 };
    if (policy !== undefined) files[file]!.policy = policy;
    byKey[key] = file;
  },
  SourceRead: (draft, { data }) => {
    const source = draft.sources!.files[data.file]!;
    source.bytes = data.bytes;
    source.sha256 = data.sha256;
    source.tail = data.tail;
  },
  DefectFound: (draft, { data }) => {
    draft.sources!.files[data.file]!.defects += 1;
  },
};

/** Every event of a line says so itself: after a crash an import goes on behind the last line that is in the log. */
export function noteSource({ files }: NonNullable<State['sources']>, { data }: HoldfastEvent): void {
  const { imported } = data;
  if (imported === undefined) return;
  const source = files[imported.file];
  if (source !== undefined && imported.offset > source.last) source.last = imported.offset;
}
