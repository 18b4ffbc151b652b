/** What is done beside the engine, checkpoints and snapshots, has a tenth of the time of a log that is written fast. */
import { beforeEach, expect, test } from 'vitest';
import { defaultLimits } from '../../events/limits.ts';
import { emptyState } from '../../projections/state.ts';
import { Author, touches, work } from '../../src/contract/material.ts';
import { Checkpoints } from '../../src/engine/checkpoints.ts';
import { Snapshots } from '../../src/engine/snapshots.ts';
import { openMemoryLog } from '../../src/log/memory.ts';
import type { Log } from '../../src/log/port.ts';
import { ManualClock, quiet } from '../rules/living.ts';

const state = emptyState(defaultLimits);
let log: Log;
let author: Author;
let clock: ManualClock;
let begun: number;
let done: () => void;

const aside = (): Promise<void> => {
  begun += 1;
  return new Promise((resolve) => {
    done = resolve;
  });
};

beforeEach(async () => {
  log = openMemoryLog({ touches });
  author = new Author();
  clock = new ManualClock();
  begun = 0;
  await log.append(author.opening());
});

/** More events than lie between two of them; `ahead`: as if so many more had been written. */
async function write(ahead = 0): Promise<void> {
  for (const batch of work(author, 20)) {
    state.position = batch.expected + batch.events.length + ahead;
    await log.append(batch);
  }
}

async function ends(afterMs: number): Promise<void> {
  await clock.pass(afterMs);
  done();
  await quiet();
}

test.each([
  ['checkpoints', () => new Checkpoints(log, { here: aside, aside }, clock, { everyEvents: 5 })],
  ['snapshots', () => new Snapshots({ log, state, clock, at: 0, aside, every: 5 })],
])('[LO4][LO6] %s rest nine times as long as the last one took', async (_, begin) => {
  const work = begin();
  await write();
  await ends(100);
  await clock.pass(899);
  await write();
  expect(begun).toBe(1);
  await clock.pass(1);
  await write();
  expect(begun).toBe(2);
  work.stop();
});

test('[LO6] snapshots rest no longer than a start has time to read what was written since', async () => {
  const snapshots = new Snapshots({ log, state, clock, at: 0, aside, every: 5 });
  await write();
  await ends(100);
  await write(400_000);
  expect(begun).toBe(1);
  await write(500_000);
  expect(begun).toBe(2);
  snapshots.stop();
});
