/** The disk of the world: a sync is a completion like any other, may fail, and a crash cuts it before or after it was done. */

import { agentsOf } from '../../events/catalogue.ts';
import type { Envelope } from '../../events/envelope.ts';
import { type MemoryStorage, memoryStorage, openMemoryLog } from '../log/memory.ts';
import type { Log } from '../log/port.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

export interface DiskTemper {
  /** Of 100 syncs: those that take a while. */
  readonly slow: number;
  /** Of 1000 syncs: those that fail. */
  readonly fail: number;
}

const touches = (event: Envelope): string[] => agentsOf(event).map((agentId) => `agent/${agentId}`);

export class Disk {
  readonly storage: MemoryStorage = memoryStorage();
  temper: DiskTemper;
  syncs = 0;
  failures = 0;
  readonly #schedule: Schedule;
  readonly #random: Random;
  #pending: { readonly life: number; readonly write: () => void } | undefined;

  constructor(schedule: Schedule, random: Random, temper: DiskTemper) {
    this.#schedule = schedule;
    this.#random = random;
    this.temper = temper;
  }

  /** What is durable, in order. */
  get events(): readonly Envelope[] {
    return this.storage.events;
  }

  open(life: number): Log {
    return openMemoryLog({ touches, storage: this.storage, gate: { beforeSync: () => this.#sync(life) } });
  }

  #sync(life: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fails = this.#random.chance(this.temper.fail / 10);
      const afterMs = this.#random.chance(this.temper.slow) ? this.#random.between(1, 40) : 0;
      this.#pending = { life, write: resolve };
      this.#schedule.add(fails ? 'a sync that fails' : 'a sync', afterMs, life, () => {
        this.#pending = undefined;
        this.syncs += 1;
        if (fails) {
          this.failures += 1;
          reject(new Error('ENOSPC: no space left on device'));
        } else resolve();
      });
    });
  }

  /** The engine dies in the middle of a sync: `done` says whether the disk was quicker. True if there was one. */
  cut(life: number, done: boolean): boolean {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined || pending.life !== life) return false;
    if (done) pending.write();
    return true;
  }
}
