/** HEAD on the disk of the world: a slot is one sector, written whole; until a sync it is only in the memory of the machine. */
import { type HeadMedium, headBytes, slotBytes } from '../../log/headSlots.ts';
import type { Random } from '../random.ts';

export class HeadSectors {
  /** What the next life of this machine reads. */
  written = Buffer.alloc(headBytes);
  #durable = Buffer.alloc(headBytes);

  medium(sync: () => Promise<void>, alive: () => boolean): HeadMedium {
    return {
      before: Buffer.from(this.written),
      write: (slot, at) => {
        if (alive()) slot.copy(this.written, at);
      },
      sync: () => sync().then(() => this.sync()),
      syncNow: () => this.sync(),
      close: () => {},
    };
  }

  sync(): void {
    this.#durable = Buffer.from(this.written);
  }

  /** The machine goes down: each slot may have been written out or not. */
  powerCut(random: Random): void {
    for (let at = 0; at < headBytes; at += slotBytes)
      if (random.chance(50)) this.#durable.copy(this.written, at, at, at + slotBytes);
    this.sync();
  }
}
