/**
 * A log as JSON lines and back, byte for byte: the hashed events as `log -o jsonl` prints them, and before an event the
 * blobs that it is the first to name. An import recomputes every hash and folds every event before it writes anything.
 */
import { definition } from '../../events/catalogue.ts';
import type { Envelope, Hashed } from '../../events/envelope.ts';
import { guard } from '../../events/guard.ts';
import { defaultLimits } from '../../events/limits.ts';
import { apply, versionIn } from '../../projections/apply.ts';
import { emptyState } from '../../projections/state.ts';
import { decoded } from '../engine/fold.ts';
import { Failure } from '../failure.ts';
import { collect, type Named } from '../log/audit.ts';
import { isForgottenFailure } from '../log/blobs.ts';
import { hashedLine } from '../log/canonical.ts';
import { batchHash, genesis, hexOf, sha256 } from '../log/chain.ts';
import { fleetIdOf } from '../log/committer.ts';
import type { Batch, BlobContent, Log, LogReader } from '../log/port.ts';

/** `text` where the content is UTF-8, as it is for all that this version writes, else `base64`. */
interface BlobLine {
  readonly blob: string;
  readonly bytes: number;
  readonly text?: string;
  readonly base64?: string;
  /** Its content was removed before the export; a later event says why. */
  readonly forgotten?: true;
}

function blobLine(name: string, content: Uint8Array): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const text = bytes.toString('utf8');
  const line: BlobLine = Buffer.from(text).equals(bytes)
    ? { blob: name, bytes: bytes.length, text }
    : { blob: name, bytes: bytes.length, base64: bytes.toString('base64') };
  return JSON.stringify(line);
}

const forgottenLine = (name: string): string =>
  JSON.stringify({ blob: name, forgotten: true } satisfies Partial<BlobLine>);

const exportedBlob = (log: LogReader, name: string): Promise<string> =>
  log.blob(name).then(
    (content) => blobLine(name, content),
    (error: unknown) => {
      if (isForgottenFailure(error)) return forgottenLine(name);
      throw error;
    },
  );

/** Pages of lines. */
export async function* exported(log: LogReader): AsyncGenerator<readonly string[], void, void> {
  const given = new Set<string>();
  for await (const page of log.readHashed()) {
    const lines: string[] = [];
    for (const event of page) {
      const line = hashedLine(event);
      const named: Named[] = [];
      if (line.includes('"blob":"')) collect(event.data, event.position, named);
      for (const { sha256: name } of named) {
        if (given.has(name)) continue;
        given.add(name);
        lines.push(await exportedBlob(log, name));
      }
      lines.push(line);
    }
    yield lines;
  }
}

const badLine = (line: number, what: string, cause?: unknown): Failure =>
  new Failure('HOLDFAST_IMPORT_BAD_LINE', `line ${line} is not from an export: ${what}`, {
    remedy: 'export the log again; a file that was changed by hand does not lead to its hashes any more',
    details: { line, what },
    cause,
  });

const guards = new Map<string, (data: unknown) => boolean>();

function fits(type: string, data: unknown): boolean {
  let check = guards.get(type);
  if (check === undefined) guards.set(type, (check = guard(definition(type)!.data)));
  return check(data);
}

function blobOf({ blob, text, base64 }: BlobLine, line: number): BlobContent {
  const content = text !== undefined ? Buffer.from(text) : Buffer.from(String(base64), 'base64');
  if (hexOf(sha256(content)) !== blob) throw badLine(line, `the content of blob ${blob} does not match its name`);
  return { sha256: blob, content };
}

interface Imported extends Batch {
  readonly hash: string;
  /** Blobs that it says were forgotten. */
  readonly forgotten: readonly string[];
}

/** The batches of an export; throws HOLDFAST_IMPORT_BAD_LINE at the first line that does not belong there. */
export async function* batchesOf(lines: AsyncIterable<string>): AsyncGenerator<Imported, void, void> {
  const state = emptyState(defaultLimits);
  const known = new Set<string>();
  /** Blobs without content, with the line that says so. */
  const gone = new Map<string, number>();
  let prev: string | undefined;
  let events: Envelope[] = [];
  let blobs: BlobContent[] = [];
  let number = 0;
  for await (const line of lines) {
    number += 1;
    const at = number;
    const bad = (what: string, cause?: unknown) => badLine(at, what, cause);
    const value = parsed(line, bad);
    if ('blob' in value && value.forgotten === true) {
      if (forgottenLine(value.blob) !== line) throw bad('it is not written as an export writes it');
      known.add(value.blob);
      gone.set(value.blob, at);
      continue;
    }
    if ('blob' in value) {
      if (blobLine(value.blob, blobOf(value, at).content) !== line)
        throw bad('it is not written as an export writes it');
      blobs.push(blobOf(value, at));
      known.add(value.blob);
      continue;
    }
    if (hashedLine(value) !== line) throw bad('it is not the canonical text of an event');
    const { hash, ...event } = value;
    check(event, { state, before: events, known, bad });
    prev ??= hexOf(genesis(fleetIdOf(event)!));
    events.push(event);
    if ((hash !== undefined) !== (event.index === event.of - 1))
      throw bad('a hash stands on the last event of a batch');
    if (hash === undefined) continue;
    if (batchHash(prev, events) !== hash) throw bad('the events of this batch do not lead to its hash');
    const forgotten = events.flatMap(forgottenBlob);
    yield { expected: event.batch - 1, epoch: event.epoch, events, blobs, hash, forgotten };
    prev = hash;
    events = [];
    blobs = [];
  }
  if (number === 0) throw badLine(1, 'the file is empty');
  for (const [name, line] of gone)
    if (state.fleet.forgotten?.[`blob/${name}`] === undefined)
      throw badLine(line, `the blob ${name} has no content, and no event says that it was forgotten`);
  if (events.length > 0 || blobs.length > 0) throw badLine(number, 'the file ends within a batch');
}

function parsed(line: string, bad: (what: string, cause?: unknown) => Failure): Hashed | BlobLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw bad('it is not JSON', error);
  }
  if (typeof value !== 'object' || value === null) throw bad('it is not an event');
  if (typeof (value as BlobLine).blob === 'string') return value as BlobLine;
  const { position, batch, index, of, streamVersion, at, epoch, cause, stream, type, by } = value as Envelope;
  const whole = [position, batch, index, of, streamVersion, at, epoch, cause].every(Number.isSafeInteger);
  if (!whole || [stream, type, by].some((text) => typeof text !== 'string')) throw bad('it is not an event');
  return value as Hashed;
}

const forgottenBlob = ({ type, data }: Envelope): string[] => {
  const { what, id } = data as { readonly what: string; readonly id: string };
  return type === 'PayloadForgotten' && what === 'blob' ? [id] : [];
};

interface Surroundings {
  readonly state: ReturnType<typeof emptyState>;
  readonly before: readonly Envelope[];
  readonly known: ReadonlySet<string>;
  readonly bad: (what: string, cause?: unknown) => Failure;
}

/** Where it stands, what it says, and that it can be folded: everything that reading the log would stumble over. */
function check(event: Envelope, { state, before, known, bad }: Surroundings): void {
  const first = before[0];
  const dense =
    event.position === state.position + 1 &&
    event.batch === (first?.position ?? event.position) &&
    event.index === before.length &&
    event.of > event.index &&
    event.of === (first?.of ?? event.of) &&
    event.epoch === (first?.epoch ?? event.epoch);
  if (!dense) throw bad('it does not follow the line before it');
  if (event.at < state.at || event.epoch < state.epoch) throw bad('its time or epoch goes back');
  if (event.position === 1 && event.type !== 'FleetOpened') throw bad('a log begins with FleetOpened');
  const today = decoded(event);
  if (!fits(today.type, today.data)) throw bad(`its data is not that of ${event.type}`);
  const def = definition(today.type)!;
  if (
    def.stream(today.data) !== event.stream ||
    event.streamVersion !== versionIn(state, def.aggregate.kind, def.aggregate.id(today.data)) + 1
  )
    throw bad('it does not follow the last event of its stream');
  const named: Named[] = [];
  collect(event.data, event.position, named);
  const missing = named.find(({ sha256: name }) => !known.has(name));
  if (missing !== undefined) throw bad(`the blob ${missing.sha256} does not come before it`);
  try {
    apply(state, today);
  } catch (error) {
    throw bad('it does not fit what happened before it', error);
  }
}

/** Events that may wait for the disk of the new log. */
const waitingEventsMax = 50_000;

/** Appends checked batches to an empty log; gives the number of events. */
export async function importInto(log: Log, batches: AsyncIterable<Imported>): Promise<number> {
  const removed: string[] = [];
  for await (const { hash, forgotten, ...batch } of batches) {
    removed.push(...forgotten);
    void log.append(batch).catch(() => {
      // Told by the flush below.
    });
    if (log.head().hash !== hash) throw new Error('the log computes another hash than the import');
    if (batch.expected - log.synced().position > waitingEventsMax) await log.flush();
  }
  await log.flush();
  // An export was made before or after its removal: the copy has what the log says.
  for (const name of removed) await log.forget(name);
  return log.head().position;
}
