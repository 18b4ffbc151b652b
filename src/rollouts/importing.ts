/** Rollouts of another tool into a log: a new one, or one that was imported before, to which only the rest is added. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { defaultLimits } from '../../events/limits.ts';
import { SourceRead } from '../../events/source.ts';
import { apply } from '../../projections/apply.ts';
import type { Source as SourceState } from '../../projections/state.ts';
import { emptyState } from '../../projections/state.ts';
import { decoded } from '../engine/fold.ts';
import { Failure } from '../failure.ts';
import { hexOf, sha256 } from '../log/chain.ts';
import type { Log } from '../log/port.ts';
import { claudeSources } from './claude/sources.ts';
import { codexSource } from './codex/sources.ts';
import { Feed } from './feed.ts';
import { compare, filesOf } from './folder.ts';
import { Ledger } from './ledger.ts';
import { Merge } from './merge.ts';
import { type ImportReport, reportOf } from './report.ts';
import { Retelling } from './retelling.ts';
import type { Skipped, Source } from './teller.ts';
import { Unpacked } from './unpacked.ts';

export const tools = ['codex', 'claude'] as const;
export type Tool = (typeof tools)[number];

export interface ImportOptions {
  readonly from: Tool;
  readonly path: string;
  /** Version of Holdfast, for the first event. */
  readonly version: string;
  /** For trees that are new to the log; absent: that of the tool's version. */
  readonly policy?: string;
  /** Stops it after a line; the log stays as far as it has come, and the next import goes on. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly bytes: number; readonly of: number; readonly events: number }) => void;
}

/** Lines between two turns of the event loop: signals and the disk of the log want to be heard. */
const linesPerTurn = 1_000;
const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Before `bytes`, hashed, so that a file which was rewritten meanwhile is found out. */
const tailMax = 4096;

export async function importRollouts(log: Log, options: ImportOptions): Promise<ImportReport> {
  const unpacked = new Unpacked();
  try {
    return await importAll(log, options, unpacked);
  } finally {
    unpacked.remove();
  }
}

async function importAll(log: Log, options: ImportOptions, unpacked: Unpacked): Promise<ImportReport> {
  const { from, version, signal, onProgress = () => {} } = options;
  const state = emptyState(defaultLimits);
  let retelling: Retelling | undefined;
  const ledger = new Ledger(log, state, (event) => retelling!.note(event));
  retelling = new Retelling(ledger, { from, version });
  for await (const page of log.read()) {
    for (const stored of page) {
      const event = decoded(stored) as HoldfastEvent;
      apply(state, event);
      retelling.note(event);
    }
  }
  refuseOthers(state.fleet.origin, state.position, from);
  const before = state.position;
  const skipped: Skipped[] = [];
  const found = sourcesOf(options, unpacked, retelling, skipped);
  const feeds = found.map((source) => {
    const { bytes, last } = known(state.sources, source) ?? { bytes: 0, last: -1 };
    return new Feed(source, { countFrom: bytes, knownTo: Math.max(bytes, last + 1) });
  });
  const of = found.reduce((sum, { bytes }) => sum + bytes, 0);
  let lines = 0;
  for (const { feed, head } of new Merge(feeds)) {
    const file = state.sources?.byKey[feed.teller.key] ?? 0;
    ledger.begin({ file, offset: head.offset, at: head.at });
    if (head.record !== undefined) feed.teller.tell(head.kind!, head.record);
    for (const defect of head.defects) retelling.defect(defect);
    const room = ledger.end();
    if (room !== undefined) await room;
    lines += 1;
    if (lines % linesPerTurn !== 0) continue;
    onProgress({ bytes: feeds.reduce((sum, { position }) => sum + position, 0), of, events: state.position });
    await breath();
    if (signal?.aborted) break;
  }
  const stopped = signal?.aborted === true;
  if (!stopped) for (const feed of feeds) note(ledger, feed);
  await ledger.end();
  await log.flush();
  if (!stopped) onProgress({ bytes: of, of, events: state.position });
  return reportOf({ state, before, feeds, skipped, marks: ledger.marks, stopped });
}

const known = (
  sources: { files: Record<string, SourceState>; byKey: Record<string, number> } | undefined,
  { teller }: Source,
) => sources?.files[sources.byKey[teller.key] ?? 0];

function refuseOthers(origin: string, events: number, from: Tool): void {
  if (events === 0 || origin === from) return;
  throw new Failure(
    'HOLDFAST_LOG_IN_USE',
    `the log holds ${events} events of ${origin === 'own' ? 'its own' : origin}`,
    {
      remedy: 'import into a new folder: name it with --log',
      details: { origin, events },
    },
  );
}

/** How far a file has been read: only where something new has been. */
function note(ledger: Ledger, { source, position, kinds }: Feed): void {
  const before = known(ledger.state.sources, source);
  if (before === undefined || position <= before.bytes) return;
  const tail = Math.min(tailMax, position);
  const { file } = before;
  ledger.note(SourceRead, {
    file,
    bytes: position,
    sha256: hashAt(source.path, position, tail),
    tail,
    kinds: { ...kinds },
  });
}

function hashAt(path: string, to: number, bytes: number): string {
  const content = Buffer.alloc(bytes);
  const file = openSync(path, 'r');
  try {
    return hexOf(sha256(content.subarray(0, readSync(file, content, 0, bytes, to - bytes))));
  } finally {
    closeSync(file);
  }
}

/** The files to import, in an order that does not depend on where they lie; why others are not. */
function sourcesOf(
  { from, path, policy }: ImportOptions,
  unpacked: Unpacked,
  retelling: Retelling,
  skipped: Skipped[],
): readonly Source[] {
  const files = filesOf(path).flatMap((file) => unpacked.of(file, skipped));
  const found: Source[] = [];
  if (from === 'claude') found.push(...claudeSources(files, retelling, policy, skipped));
  else
    for (const file of files) {
      const source = codexSource(file, retelling, policy);
      if (source === undefined) skipped.push({ path: file.path, reason: "none of its first lines is a rollout's" });
      else found.push(source);
    }
  const byKey = new Map<string, Source>();
  for (const source of found) {
    const other = byKey.get(source.teller.key);
    const [kept, left] = other === undefined || source.bytes > other.bytes ? [source, other] : [other, source];
    byKey.set(source.teller.key, kept);
    if (left !== undefined) skipped.push({ path: left.path, reason: `a shorter copy of ${kept.path}` });
  }
  const taken = [...byKey.values()].filter((source) => !isOther(retelling.state.sources, source, skipped));
  if (found.length === 0) {
    throw new Failure('HOLDFAST_IMPORT_NOT_A_ROLLOUT', `there is no rollout of ${from} in ${path}`, {
      remedy: 'name a rollout or a folder of rollouts, and the tool that wrote them with --from',
      details: { path, files: files.length, ...(files.length === 1 && { offset: 0 }) },
    });
  }
  return taken.sort((a, b) => a.teller.at - b.teller.at || compare(a.teller.key, b.teller.key));
}

/** A file that has been imported before, but is not its continuation now. */
function isOther(sources: Parameters<typeof known>[0], source: Source, skipped: Skipped[]): boolean {
  const before = known(sources, source);
  if (before?.sha256 === undefined) return false;
  const reason =
    source.bytes < before.bytes
      ? `shorter than what was imported before (${before.bytes} bytes)`
      : hashAt(source.path, before.bytes, before.tail) === before.sha256
        ? undefined
        : 'it was rewritten since it was imported: import it into a new log';
  if (reason === undefined) return false;
  skipped.push({ path: source.path, reason });
  return true;
}
