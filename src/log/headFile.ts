/**
 * HEAD beside LevelDB: two checksummed slots, overwritten alternately after each group commit. It is written after the
 * sync of what it names, so it is never ahead of what is durable: a log that ends before it has lost something (LO4).
 */
import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
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
const slotBytes = 512;
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
 * What HEAD says; `none` when nothing was ever written there (a machine that goes down while a log is made leaves a
 * missing or an empty file), `bad` when neither slot can be read.
 */
export function readHead(path: string): HeadMark | 'none' | 'bad' {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none';
    throw error;
  }
  return newestOf(bytes)?.mark ?? (bytes.every((byte) => byte === 0) ? 'none' : 'bad');
}

export class HeadFile {
  readonly #fd: number;
  readonly #slot = Buffer.alloc(slotBytes);
  #sequence: number;

  private constructor(fd: number, sequence: number) {
    this.#fd = fd;
    this.#sequence = sequence;
  }

  /** Opens HEAD for writing; a new one is synced with its folder, so that it cannot be missing later by accident. */
  static open(path: string): HeadFile {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const bytes = Buffer.alloc(2 * slotBytes);
    if (fstatSync(fd).size >= bytes.length) readSync(fd, bytes, 0, bytes.length, 0);
    const newest = newestOf(bytes);
    const head = new HeadFile(fd, newest?.sequence ?? 0);
    if (newest === undefined) {
      writeSync(fd, Buffer.alloc(2 * slotBytes), 0, 2 * slotBytes, 0);
      const none: HeadMark = { position: 0, seal: '\0'.repeat(sealBytes), at: 0, epoch: 0, fleetId: '' };
      head.write(none);
      head.write(none);
      fsyncSync(fd);
      const folder = openSync(dirname(path), constants.O_RDONLY);
      fsyncSync(folder);
      closeSync(folder);
    }
    return head;
  }

  write(mark: HeadMark): void {
    this.#sequence++;
    encodeSlot(this.#slot, this.#sequence, mark);
    const written = writeSync(this.#fd, this.#slot, 0, slotBytes, (this.#sequence % 2) * slotBytes);
    if (written !== slotBytes) throw new Error('HEAD was written in part');
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => fdatasync(this.#fd, (error) => (error ? reject(error) : resolve())));
  }

  syncNow(): void {
    fdatasyncSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
