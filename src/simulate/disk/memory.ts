/** A disk that holds the log in memory: a group is there whole or not at all, and nothing else can happen to it. */
import type { Envelope } from '../../../events/envelope.ts';
import { touches } from '../../engine/touches.ts';
import { memoryStorage, openMemoryLog } from '../../log/memory.ts';
import type { Log } from '../../log/port.ts';
import type { Cut, Disk, DiskParts } from './disk.ts';
import { Syncs } from './syncs.ts';

export class MemoryDisk implements Disk {
  readonly syncs: Syncs;
  readonly #storage = memoryStorage();

  constructor({ schedule, random, temper }: DiskParts) {
    this.syncs = new Syncs(schedule, random, temper);
  }

  get events(): readonly Envelope[] {
    return this.#storage.events;
  }

  get batches(): number {
    return this.#storage.seals.size;
  }

  async open(life: number): Promise<Log> {
    const gate = { beforeSync: () => this.syncs.sync(life, () => {}) };
    return openMemoryLog({ touches, storage: this.#storage, gate });
  }

  reader(): Log {
    return openMemoryLog({ touches, storage: this.#storage });
  }

  cut(life: number, { synced }: Cut): boolean {
    const through = this.syncs.cut(life, synced);
    for (const { resolve } of through) resolve();
    return through.length > 0;
  }
}
