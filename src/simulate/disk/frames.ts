/**
 * A disk with frames, HEAD and recovery: the real log over a simulated store. A group that a crash has torn disappears
 * whole, what was acknowledged is there, and every life begins with the check of LO4.
 */
import type { Envelope } from '../../../events/envelope.ts';
import { touches } from '../../engine/touches.ts';
import { hexOf, sealOf } from '../../log/chain.ts';
import { readCheckpoint } from '../../log/checkpoint.ts';
import { isDamage } from '../../log/damage.ts';
import { decodeFrame, type Frame, unfold } from '../../log/frame.ts';
import { FrameLog } from '../../log/frameLog.ts';
import { Head, markIn } from '../../log/headSlots.ts';
import { memoryStorage, openMemoryLog } from '../../log/memory.ts';
import { microtask } from '../../log/microtask.ts';
import { checkOpening, type Opening } from '../../log/opening.ts';
import type { Log } from '../../log/port.ts';
import { hashed } from '../../log/reader.ts';
import { holds, Violation } from '../check/violation.ts';
import type { Below } from '../plants/plant.ts';
import type { Random } from '../random.ts';
import { WorldBeside } from './beside.ts';
import { damage } from './damage.ts';
import type { Cut, Disk, DiskParts } from './disk.ts';
import { HeadSectors } from './head.ts';
import { Platter, readOnly, WorldStore } from './store.ts';
import { Syncs } from './syncs.ts';

/** Few enough that most histories have some checkpoints. */
const checkpointEvery = 60;
const frameKeys = 0x66;

export class FrameDisk implements Disk {
  readonly syncs: Syncs;
  readonly events: Envelope[] = [];
  batches = 0;
  readonly #parts: DiskParts;
  readonly #platter = new Platter();
  readonly #head = new HeadSectors();
  readonly #beside = new WorldBeside();
  /** Of the events, as they were written first. */
  readonly #frames: Frame[] = [];
  /** Who has it open; nobody else writes. */
  #life = 0;
  /** Somebody was told that events are durable. */
  #acknowledged = false;

  constructor(parts: DiskParts) {
    this.#parts = parts;
    this.syncs = new Syncs(parts.schedule, parts.random, parts.temper);
  }

  async open(life: number): Promise<Log> {
    this.#life = life;
    const alive = () => this.#life === life;
    const sync = (apply: () => void): Promise<void> =>
      // Whoever is dead waits for ever.
      alive() ? this.syncs.sync(life, apply) : new Promise(() => {});
    const store = new WorldStore(this.#platter, (writes) => sync(() => this.#write(writes)));
    const opening = await this.#opening(store);
    const head = new Head(this.#head.medium(() => sync(() => {}), alive));
    const parts: Below = this.#parts.plant?.({ store, head }) ?? { store, head };
    const log = new FrameLog(this.#beside.of(sync), parts.store, opening, parts.head, {
      touches: this.#parts.touches ?? touches,
      checkpointEvery,
      soon: microtask,
    });
    log.follow(() => {
      this.#acknowledged = true;
    });
    return log;
  }

  async #opening(store: WorldStore): Promise<Opening> {
    const durable = this.events.length;
    const mark = markIn(this.#head.written);
    const named = typeof mark !== 'string' && mark.position > 0;
    holds(
      named || !this.#acknowledged,
      'LO4',
      durable,
      () => 'if all that was acknowledged were gone, HEAD would not say so',
    );
    try {
      const opening = await checkOpening(store, mark, this.#parts.touches ?? touches);
      const { position } = opening.tip;
      holds(position === durable, 'LO4', durable, () => `the log is opened at ${position}, and ${durable} is durable`);
      return opening;
    } catch (error) {
      if (!isDamage(error)) throw error;
      throw new Violation('LO4', this.events.length, `nobody has damaged the log, and it is refused: ${error.message}`);
    }
  }

  #write(writes: readonly (readonly [Buffer, Buffer | undefined])[]): void {
    this.#platter.write(writes);
    for (const [key, value] of writes) {
      if (key[0] !== frameKeys || value === undefined) continue;
      let frame: Frame;
      try {
        frame = decodeFrame(key, value);
      } catch {
        // Whatever this is, the log will have to say so when it is opened.
        continue;
      }
      // Else it is merged from what is known.
      if (frame.first !== this.events.length + 1) continue;
      this.#frames.push(frame);
      this.batches += frame.sizes.length;
      unfold(frame, this.events);
    }
  }

  cut(life: number, { synced, power }: Cut): boolean {
    const through = this.syncs.cut(life, synced);
    for (const { apply } of through) apply();
    this.#life = 0;
    if (power) this.#head.powerCut(this.#parts.random);
    this.#beside.lose(this.#parts.random);
    return through.length > 0;
  }

  reader(): Log {
    const storage = memoryStorage();
    for (const event of this.#frames.flatMap((frame) => hashed(frame))) {
      const { hash, ...plain } = event;
      storage.events.push(plain);
      if (hash !== undefined) storage.seals.set(event.position, sealOf(hash));
    }
    const { fleetId } = (this.events[0]?.data ?? {}) as { readonly fleetId?: string };
    storage.fleetId = fleetId;
    return openMemoryLog({ touches, storage });
  }

  /** LO4: whatever is damaged is found, and its first bad position named; what is only torn is not damage. */
  async damage(r: Random): Promise<void> {
    if (this.events.length === 0) return;
    const checkpoint = await readCheckpoint(readOnly(this.#platter));
    const at = typeof checkpoint === 'string' ? 0 : checkpoint.position;
    const { what, platter, head, bad } = damage(this.#platter, this.#head.written, at, r);
    const seen = await firstBad(readOnly(platter), head);
    const named = seen === undefined ? bad.length === 0 : bad.some(([first, last]) => first <= seen && seen <= last);
    const says = seen === undefined ? 'no damage' : `damage at ${seen}`;
    holds(named, 'LO4', this.events.length, () => `${what}: the log sees ${says}`);
  }
}

/** What opening and a walk over everything find. */
async function firstBad(store: WorldStore, head: Buffer): Promise<number | undefined> {
  try {
    const opening = await checkOpening(store, markIn(head), touches);
    const log = new FrameLog(
      new WorldBeside().of(async () => {}),
      store,
      opening,
      new Head({ before: head, write: () => {}, sync: async () => {}, syncNow: () => {}, close: () => {} }),
      { touches, soon: microtask },
    );
    const { position, seal } = opening.tip;
    let last: string | undefined;
    for await (const page of log.readHashed()) for (const { hash } of page) last = hash ?? last;
    // A log without an event has no hash.
    return last === (position === 0 ? undefined : hexOf(seal)) ? undefined : position;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return (error.details as { readonly firstBad: number }).firstBad;
  }
}
