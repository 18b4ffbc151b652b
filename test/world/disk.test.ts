/** The disk of the world keeps the contract of the log like a real one. */
import { describe, expect, test } from 'vitest';
import { logContract } from '../../src/contract/log.ts';
import { Author, everything, touches, work } from '../../src/contract/material.ts';
import { FrameDisk } from '../../src/simulate/disk/frames.ts';
import type { Below } from '../../src/simulate/plants/plant.ts';
import { Random } from '../../src/simulate/random.ts';
import { Schedule } from '../../src/simulate/schedule.ts';

/** Whatever is to come comes at once. */
class Promptly extends Schedule {
  override add(_what: string, _afterMs: number, _owner: unknown, run: () => void): () => void {
    queueMicrotask(run);
    return () => {};
  }
}

const parts = () => ({
  schedule: new Promptly(0, new Random(1)),
  random: new Random(1),
  temper: { slow: 0, fail: 0 },
  touches,
});

const newWorld = async () => {
  const disk = new FrameDisk(parts());
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

test('[LO4] what came after the checkpoint is read and checked once, at the opening', async () => {
  let reads = 0;
  const plant = ({ store, head }: Below): Below => ({
    head,
    store: {
      put: (key, value, synced) => store.put(key, value, synced),
      get: (key) => store.get(key),
      getMany: (keys) => store.getMany(keys),
      batch: () => store.batch(),
      iterator: (range) => {
        reads += 1;
        return store.iterator(range);
      },
      compactRange: (from, to) => store.compactRange(from, to),
      close: () => store.close(),
    },
  });
  const disk = new FrameDisk({ ...parts(), plant });
  const log = await disk.open(1);
  const author = new Author();
  await log.append(author.opening());
  for (const batch of work(author, 10)) void log.append(batch);
  await log.flush();
  disk.cut(1, { synced: false, power: true });
  const opened = await disk.open(2);
  expect(await everything(opened)).toEqual(disk.events);
  expect(reads).toBe(0);
  await opened.close();
  const afterwards = await disk.open(3);
  expect(await everything(afterwards)).toEqual(disk.events);
  expect(reads).toBeGreaterThan(0);
});
