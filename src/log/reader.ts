/** Reading a stored log: ranges by walking frames, one stream or one agent by the index. */
import type { Envelope, Hashed } from '../../events/envelope.ts';
import type { Beside } from './beside.ts';
import { hexOf, Sealer } from './chain.ts';
import { damaged } from './damage.ts';
import { type Frame, unfold } from './frame.ts';
import { frameAt, walk } from './frames.ts';
import { eventsOf, type History, positionsOf } from './histories.ts';
import type { Opening } from './opening.ts';
import type { Head, LogReader, Snapshot } from './port.ts';
import { records, storedPositions } from './postings.ts';
import { headOf, type Tip } from './sealed.ts';
import type { Store } from './store.ts';
import type { Tail } from './tail.ts';

export interface Range {
  readonly from?: number;
  readonly to?: number;
}

/** Decoded frames that are kept for the next lookup by position. */
const decodedMax = 16;
/** Events in the pages of a stream: few at first, for those who ask only how it began. */
const [eventsOfFirstPage, eventsPerPage] = [8, 256];

export class StoredReader implements LogReader {
  protected readonly beside: Beside;
  protected readonly store: Store;
  protected checkpointAt: number;
  protected tail: Tail;
  /** What a checkpoint in progress is storing. */
  protected storing: Tail | undefined;
  readonly #tip: Tip;
  readonly #fleetId: string | undefined;
  readonly #decoded: Frame[] = [];

  constructor(beside: Beside, store: Store, opening: Opening) {
    this.beside = beside;
    this.store = store;
    this.checkpointAt = opening.checkpoint.position;
    this.tail = opening.tail;
    this.#tip = opening.tip;
    this.#fleetId = opening.fleetId;
  }

  get fleetId(): string | undefined {
    return this.#fleetId;
  }

  protected get syncedTip(): Tip {
    return this.#tip;
  }

  /** Called before the index is read. */
  protected index(): void {}

  synced(): Head {
    return headOf(this.syncedTip);
  }

  async *read({
    from = 1,
    to = Number.POSITIVE_INFINITY,
  }: Range = {}): AsyncGenerator<readonly Envelope[], void, void> {
    const upTo = Math.min(to, this.syncedTip.position);
    const tails = this.#tails();
    const storedTo = Math.min(upTo, this.checkpointAt);
    for await (const frames of walk(this.store, { from: Math.max(from, 1), to: storedTo })) {
      const page: Envelope[] = [];
      for (const frame of frames) unfold(frame, page, from, storedTo);
      yield page;
    }
    // What came after the checkpoint was read when the log was opened, or written since.
    for (let at = Math.max(from, storedTo + 1); at <= upTo; at += eventsPerPage) {
      const length = Math.min(eventsPerPage, upTo - at + 1);
      yield await this.#eventsIn(
        tails,
        Array.from({ length }, (_, i) => at + i),
      );
    }
  }

  async *readHashed({
    from = 1,
    to = Number.POSITIVE_INFINITY,
  }: Range = {}): AsyncGenerator<readonly Hashed[], void, void> {
    const upTo = Math.min(to, this.syncedTip.position);
    for await (const frames of walk(this.store, { from: Math.max(from, 1), to: upTo })) {
      const page: Hashed[] = [];
      for (const frame of frames)
        for (const event of hashed(frame)) if (event.position >= from && event.position <= upTo) page.push(event);
      yield page;
    }
  }

  async *readStream(stream: string, range?: Range): AsyncGenerator<readonly Envelope[], void, void> {
    let version = 0;
    for await (const events of this.#readStream(stream, range)) {
      for (const event of events) {
        // Versions are dense, so a posting that is missing from the index shows.
        if (
          version !== 0 ? event.streamVersion !== version + 1 : (range?.from ?? 1) <= 1 && event.streamVersion !== 1
        ) {
          throw damaged(event.position, `the index of ${stream} leaves out an event before this one`);
        }
        version = event.streamVersion;
      }
      yield events;
    }
  }

  async *#readStream(stream: string, range: Range = {}): AsyncGenerator<readonly Envelope[], void, void> {
    const { from = 1, to = Number.POSITIVE_INFINITY } = range;
    const upTo = Math.min(to, this.syncedTip.position);
    const tails = this.#tails();
    const recent = tails.flatMap((tail) => tail.index.streams.get(stream) ?? []);
    const stored = await storedPositions(this.store, stream, this.checkpointAt);
    const positions = stored.concat(recent).filter((position) => position >= from && position <= upTo);
    for (let at = 0, count = eventsOfFirstPage; at < positions.length; at += count, count = eventsPerPage) {
      const some = positions.slice(at, at + count);
      yield await this.#eventsIn(tails, some);
    }
  }

  async *readAgent(agentId: string, range: Range = {}): AsyncGenerator<readonly Envelope[], void, void> {
    const { from = 1, to = Number.POSITIVE_INFINITY } = range;
    const upTo = Math.min(to, this.syncedTip.position);
    const key = `agent/${agentId}`;
    const recent = this.#tails().map((tail) => tail.history(key));
    let last = 0;
    for await (const body of records(this.store, 'h', key, Math.min(this.checkpointAt, upTo))) {
      const positions = positionsOf(body);
      if (positions[0]! <= last) throw damaged(positions[0]!, `the index of ${key} goes back here`);
      last = positions[positions.length - 1]!;
      if (last < from) continue;
      const page = await this.#eventsAt(within({ positions, events: eventsOf(body, positions) }, from, upTo));
      if (page.length > 0) yield page;
    }
    for (const history of recent) {
      const page = await this.#eventsAt(within(history, from, upTo));
      if (page.length > 0) yield page;
    }
  }

  /** Memory first: a checkpoint that ends while somebody reads only adds records beyond the one taken here. */
  #tails(): readonly Tail[] {
    this.index();
    return this.storing === undefined ? [this.tail] : [this.storing, this.tail];
  }

  #eventsIn(tails: readonly Tail[], positions: readonly number[]): Promise<readonly Envelope[]> {
    return this.#eventsAt({ positions, events: positions.map((position) => inTails(tails, position)) });
  }

  /** Takes from their frames the events that are not at hand. */
  async #eventsAt({ positions, events }: History): Promise<readonly Envelope[]> {
    const all: Envelope[] = [];
    for (const [i, position] of positions.entries()) {
      const event = events[i];
      if (event !== undefined) all.push(event);
      else unfold(await this.#frameOf(position), all, position, position);
    }
    return all;
  }

  async #frameOf(position: number): Promise<Frame> {
    const at = this.#decoded.findIndex((frame) => frame.first <= position && position <= frame.last);
    const frame = at < 0 ? await frameAt(this.store, position) : this.#decoded.splice(at, 1)[0]!;
    this.#decoded.unshift(frame);
    if (this.#decoded.length > decodedMax) this.#decoded.pop();
    return frame;
  }

  blob(sha256: string): Promise<Uint8Array> {
    return this.beside.readBlob(sha256);
  }

  snapshot(stateVersion: number, atMost = this.syncedTip.position): Promise<Snapshot | undefined> {
    return this.beside.findSnapshot(stateVersion, Math.min(atMost, this.syncedTip.position), (position) =>
      frameAt(this.store, position),
    );
  }

  async close(): Promise<void> {
    await this.store.close();
  }
}

function inTails(tails: readonly Tail[], position: number): Envelope | undefined {
  for (const tail of tails) {
    const event = tail.at(position);
    if (event !== undefined) return event;
  }
  return undefined;
}

function within({ positions, events }: History, from: number, to: number): History {
  const start = positions.findIndex((position) => position >= from);
  if (start < 0) return { positions: [], events: [] };
  const after = positions.findIndex((position) => position > to);
  const end = after < 0 ? positions.length : after;
  return { positions: positions.slice(start, end), events: events.slice(start, end) };
}

/** The events of a frame with the hash of each batch on its last event; checks that they lead to the frame's seal. */
export function hashed(frame: Frame): Hashed[] {
  const events: Envelope[] = [];
  unfold(frame, events);
  const sealer = new Sealer(frame.prev);
  let at = 0;
  for (const of of frame.sizes) {
    const hash = hexOf(sealer.add(events, at, at + of));
    at += of;
    events[at - 1] = { ...events[at - 1]!, hash } as Hashed;
  }
  if (sealer.seal !== frame.seal) throw damaged(frame.first, 'the events of a record do not lead to its hash');
  return events;
}
