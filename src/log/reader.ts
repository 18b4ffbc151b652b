/** Reading a stored log: ranges by walking frames, one stream or one agent by the index. */
import type { Envelope, Hashed } from '../../events/envelope.ts';
import { readBlob } from './blobs.ts';
import { hexOf, Sealer } from './chain.ts';
import { headOf, type Tip } from './committer.ts';
import { damaged } from './damage.ts';
import type { Folder } from './folder.ts';
import { type Frame, unfold } from './frame.ts';
import { frameAt, walk } from './frames.ts';
import type { Opening } from './opening.ts';
import type { Head, LogReader, Snapshot } from './port.ts';
import { type Postings, storedPositions } from './postings.ts';
import { findSnapshot } from './snapshots.ts';
import type { Store } from './store.ts';

export interface Range {
  readonly from?: number;
  readonly to?: number;
}

/** Decoded frames that are kept for the next lookup by position. */
const decodedMax = 16;

export class StoredReader implements LogReader {
  protected readonly folder: Folder;
  protected readonly store: Store;
  protected checkpointAt: number;
  protected postings: Postings;
  /** What a checkpoint in progress is storing. */
  protected storing: Postings | undefined;
  readonly #tip: Tip;
  readonly #fleetId: string | undefined;
  readonly #decoded: Frame[] = [];

  constructor(folder: Folder, store: Store, opening: Opening) {
    this.folder = folder;
    this.store = store;
    this.checkpointAt = opening.checkpoint.position;
    this.postings = opening.postings;
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
    for await (const frames of walk(this.store, { from: Math.max(from, 1), to: upTo })) {
      const page: Envelope[] = [];
      for (const frame of frames) unfold(frame, page, from, upTo);
      yield page;
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
    for await (const page of this.#byKey(stream, range)) {
      const events = page.filter((event) => event.stream === stream);
      for (const event of events) {
        // Versions are dense, so a posting that is missing from the index shows.
        if (
          version !== 0 ? event.streamVersion !== version + 1 : (range?.from ?? 1) <= 1 && event.streamVersion !== 1
        ) {
          throw damaged(event.position, `the index of ${stream} leaves out an event before this one`);
        }
        version = event.streamVersion;
      }
      if (events.length > 0) yield events;
    }
  }

  readAgent(agentId: string, range?: Range): AsyncGenerator<readonly Envelope[], void, void> {
    return this.#byKey(`agent/${agentId}`, range);
  }

  async *#byKey(
    key: string,
    { from = 1, to = Number.POSITIVE_INFINITY }: Range = {},
  ): AsyncGenerator<readonly Envelope[], void, void> {
    const upTo = Math.min(to, this.syncedTip.position);
    this.index();
    // Memory first: a checkpoint that ends meanwhile only adds records beyond the one taken here.
    const recent = [...(this.storing?.get(key) ?? []), ...(this.postings.get(key) ?? [])];
    const positions = (await storedPositions(this.store, key, this.checkpointAt)).concat(recent);
    let page: Envelope[] = [];
    for (let i = 0; i < positions.length; ) {
      const position = positions[i]!;
      if (position < from || position > upTo) {
        i++;
        continue;
      }
      const frame = await this.#frameOf(position);
      const all: Envelope[] = [];
      unfold(frame, all, position, upTo);
      for (; i < positions.length && positions[i]! <= Math.min(frame.last, upTo); i++)
        page.push(all[positions[i]! - position]!);
      if (page.length >= 256) {
        yield page;
        page = [];
      }
    }
    if (page.length > 0) yield page;
  }

  async #frameOf(position: number): Promise<Frame> {
    const at = this.#decoded.findIndex((frame) => frame.first <= position && position <= frame.last);
    const frame = at < 0 ? await frameAt(this.store, position) : this.#decoded.splice(at, 1)[0]!;
    this.#decoded.unshift(frame);
    if (this.#decoded.length > decodedMax) this.#decoded.pop();
    return frame;
  }

  blob(sha256: string): Promise<Uint8Array> {
    return readBlob(this.folder.blobs, sha256);
  }

  snapshot(stateVersion: number, atMost = this.syncedTip.position): Promise<Snapshot | undefined> {
    return findSnapshot(this.folder.snapshots, stateVersion, Math.min(atMost, this.syncedTip.position), (position) =>
      frameAt(this.store, position),
    );
  }

  async close(): Promise<void> {
    await this.store.close();
  }
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
