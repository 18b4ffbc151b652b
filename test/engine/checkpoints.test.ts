import { expect, test } from 'vitest';
import { Author, touches, work } from '../../src/contract/material.ts';
import { Checkpoints } from '../../src/engine/checkpoints.ts';
import { openMemoryLog } from '../../src/log/memory.ts';
import type { Log } from '../../src/log/port.ts';
import { ManualClock, until } from '../rules/living.ts';

/** A log, and the positions at which it was signed. */
function signedLog() {
  const log = openMemoryLog({ touches });
  const signed: number[] = [];
  const sign = async ({ synced }: Pick<Log, 'synced'>) => void signed.push(synced.call(log).position);
  return { log, signed, signing: { here: sign, aside: () => sign(log) } };
}

test('[LO4] a log is signed at each multiple of the interval that the fleet file names, also where lives are shorter than it', async () => {
  const { log, signed, signing } = signedLog();
  const author = new Author();
  await log.append(author.opening());
  for (let life = 0; life < 12; life++) {
    const checkpoints = new Checkpoints(log, signing, new ManualClock(), { everyEvents: 50 });
    const before = signed.length;
    const due = Math.floor(log.synced().position / 50);
    // A life of fewer events than lie between two checkpoints, ended by a crash.
    for (const batch of work(author, 8)) await log.append(batch);
    const passed = Math.floor(log.synced().position / 50) - due;
    await until(() => signed.length === before + passed, 'the checkpoint');
    checkpoints.stop();
  }
  expect(signed.length).toBeGreaterThan(2);
  expect(signed.length).toBe(Math.floor(log.synced().position / 50));
});

test('[LO4] a checkpoint that is still being signed is not begun again, and one that cannot be written stops nobody', async () => {
  const { log, signed, signing } = signedLog();
  let fail: ((error: Error) => void) | undefined;
  let begun = 0;
  const aside = () => {
    begun += 1;
    return new Promise<void>((_, reject) => {
      fail = reject;
    });
  };
  const checkpoints = new Checkpoints(log, { ...signing, aside }, new ManualClock(), { everyEvents: 5 });
  const author = new Author();
  await log.append(author.opening());
  for (const batch of work(author, 20)) await log.append(batch);
  expect(begun).toBe(1);
  fail!(new Error('the disk is full'));
  await checkpoints.last();
  expect(signed).toEqual([log.synced().position]);
});
