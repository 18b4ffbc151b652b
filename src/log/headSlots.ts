/**
 * HEAD: what has been acknowledged, in two checksummed slots that are overwritten alternately after each group commit. It
 * is written after the sync of what it names, so it is never ahead of what is durable: a log that ends before it has lost
 * something (LO4).
 */
import { type Seal, sealBytes, sha256 } from './chain.ts';
import { newer } from './damage.ts';

export interface HeadMark {
  readonly position: number;
  readonly seal: Seal;
  readonly at: number;
  readonly epoch: number;
  readonly fleetId: string;
}

/** One disk sector: a slot is written whole or not at all. */
export const slotBytes = 512;
export const headBytes = 2 * slotBytes;
const magic = 'HFHEAD';
const headVersion = 1;
const checkAt = slotBytes - sealBytes;
const fleetIdAt = 80;

function encodeSlot(slot: Buffer, sequence: number, mark: HeadMark): void {
  slot.fill(0);
  slot.write(magic, 0, 'latin1');
  slot.writeUInt16BE(headVersion, 6);
  slot.writeDoubleBE(sequence, 8);
  slot.writeDoubleBE(mark.position, 16);
  slot.writeDoubleBE(mark.at, 24);
  slot.writeDoubleBE(mark.epoch, 32);
  slot.write(mark.seal, 40, 'latin1');
  slot.writeUInt16BE(slot.write(mark.fleetId, fleetIdAt, checkAt - fleetIdAt, 'utf8'), 72);
  slot.write(sha256(slot.subarray(0, checkAt)), checkAt, 'latin1');
}

function decodeSlot(slot: Buffer): { sequence: number; mark: HeadMark } | undefined {
  if (slot.length < slotBytes || slot.toString('latin1', 0, 6) !== magic) return undefined;
  if (slot.toString('latin1', checkAt) !== sha256(slot.subarray(0, checkAt))) return undefined;
  const version = slot.readUInt16BE(6);
  if (version > headVersion) throw newer('HEAD', version, headVersion);
  const fleetId = slot.toString('utf8', fleetIdAt, fleetIdAt + slot.readUInt16BE(72));
  return {
    sequence: slot.readDoubleBE(8),
    mark: {
      position: slot.readDoubleBE(16),
      at: slot.readDoubleBE(24),
      epoch: slot.readDoubleBE(32),
      seal: slot.toString('latin1', 40, 40 + sealBytes),
      fleetId,
    },
  };
}

function newestOf(bytes: Buffer): { sequence: number; mark: HeadMark } | undefined {
  const one = decodeSlot(bytes.subarray(0, slotBytes));
  const two = decodeSlot(bytes.subarray(slotBytes, 2 * slotBytes));
  if (one === undefined || two === undefined) return one ?? two;
  return one.sequence > two.sequence ? one : two;
}

/**
 * What the bytes of HEAD say; `none` when nothing was ever written there (a machine that goes down while a log is made
 * leaves an empty file), `bad` when neither slot can be read.
 */
export const markIn = (bytes: Buffer): HeadMark | 'none' | 'bad' =>
  newestOf(bytes)?.mark ?? (bytes.every((byte) => byte === 0) ? 'none' : 'bad');

/** Where HEAD lies: a file, or a disk of the simulated world. */
export interface HeadMedium {
  /** What was there when it was opened; shorter when it is new. */
  readonly before: Buffer;
  write(slot: Buffer, at: number): void;
  sync(): Promise<void>;
  syncNow(): void;
  close(): void;
}

/** Who writes HEAD, as the log knows it. */
export type HeadWriter = Pick<Head, keyof Head>;

export class Head {
  readonly #medium: HeadMedium;
  readonly #slot = Buffer.alloc(slotBytes);
  #sequence: number;

  /** A new one is synced, so that it cannot be missing later by accident. */
  constructor(medium: HeadMedium) {
    this.#medium = medium;
    const newest = newestOf(medium.before);
    this.#sequence = newest?.sequence ?? 0;
    if (newest !== undefined) return;
    const none: HeadMark = { position: 0, seal: '\0'.repeat(sealBytes), at: 0, epoch: 0, fleetId: '' };
    this.write(none);
    this.write(none);
    medium.syncNow();
  }

  write(mark: HeadMark): void {
    this.#sequence++;
    encodeSlot(this.#slot, this.#sequence, mark);
    this.#medium.write(this.#slot, (this.#sequence % 2) * slotBytes);
  }

  sync(): Promise<void> {
    return this.#medium.sync();
  }

  syncNow(): void {
    this.#medium.syncNow();
  }

  close(): void {
    this.#medium.close();
  }
}
