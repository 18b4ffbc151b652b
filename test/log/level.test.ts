/** The durable log keeps the contract of the port. */
import { closeSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { logContract } from '../../src/contract/log.ts';
import { touches } from '../../src/contract/material.ts';
import { openLevelLog } from '../../src/log/level.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-level-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Puts /dev/full in the place of the open write-ahead file: every write of LevelDB meets a full disk. */
function fillDisk(db: string): void {
  for (const name of readdirSync('/proc/self/fd')) {
    let target: string;
    try {
      target = readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      continue;
    }
    if (!target.startsWith(db) || !target.endsWith('.log')) continue;
    closeSync(Number(name));
    const others: number[] = [];
    for (let fd = openSync('/dev/full', 'w'); fd !== Number(name); fd = openSync('/dev/full', 'w')) others.push(fd);
    for (const fd of others) closeSync(fd);
  }
}

let worlds = 0;

const newWorld = async () => {
  worlds += 1;
  const dir = join(root, `log-${worlds}`);
  return {
    open: () => openLevelLog(dir, { touches, checkpointEvery: 100 }),
    breakDisk: async () => fillDisk(join(dir, 'db')),
  };
};

logContract('LevelDB', newWorld, { describe, test, expect });
