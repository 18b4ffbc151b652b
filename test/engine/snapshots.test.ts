import { expect, test } from 'vitest';
import { defaultLimits } from '../../events/limits.ts';
import { emptyState } from '../../projections/state.ts';
import { Author, touches, work } from '../../src/contract/material.ts';
import { Snapshots } from '../../src/engine/snapshots.ts';
import { openMemoryLog } from '../../src/log/memory.ts';
import { ManualClock, quiet } from '../rules/living.ts';

test('[LO6] of a log that is written fast snapshots are taken a tenth of the time, and the fleet has the rest', async () => {
  const log = openMemoryLog({ touches });
  const state = emptyState(defaultLimits);
  const clock = new ManualClock();
  let begun = 0;
  let done: (() => void) | undefined;
  const aside = () => {
    begun += 1;
    return new Promise<void>((resolve) => {
      done = resolve;
    });
  };
  const snapshots = new Snapshots({ log, state, clock, at: 0, aside, every: 5 });
  const author = new Author();
  await log.append(author.opening());
  const write = async (ahead = 0) => {
    for (const batch of work(author, 20)) {
      state.position = batch.expected + batch.events.length + ahead;
      await log.append(batch);
    }
  };
  await write();
  expect(begun).toBe(1);
  await clock.pass(100);
  done!();
  await quiet();
  await clock.pass(899);
  await write();
  expect(begun).toBe(1);
  await clock.pass(1);
  await write();
  expect(begun).toBe(2);
  await clock.pass(100);
  done!();
  await quiet();
  // A start would have too much to read.
  await write(500_000);
  expect(begun).toBe(3);
  snapshots.stop();
});
