/** The disk of the world keeps the contract of the log like a real one. */
import { describe, expect, test } from 'vitest';
import { logContract } from '../../src/contract/log.ts';
import { touches } from '../../src/contract/material.ts';
import { FrameDisk } from '../../src/simulate/disk/frames.ts';
import { Random } from '../../src/simulate/random.ts';
import { Schedule } from '../../src/simulate/schedule.ts';

/** Whatever is to come comes at once. */
class Promptly extends Schedule {
  override add(_what: string, _afterMs: number, _owner: unknown, run: () => void): () => void {
    queueMicrotask(run);
    return () => {};
  }
}

const newWorld = async () => {
  const schedule = new Promptly(0, new Random(1));
  const disk = new FrameDisk({ schedule, random: new Random(1), temper: { slow: 0, fail: 0 }, touches });
  let lives = 0;
  return {
    open: () => {
      disk.syncs.temper = { slow: 0, fail: 0 };
      lives += 1;
      return disk.open(lives);
    },
    syncs: () => disk.syncs.done,
    breakDisk: async () => {
      disk.syncs.temper = { slow: 0, fail: 1_000 };
    },
  };
};

logContract('the simulated disk', newWorld, { describe, test, expect });
