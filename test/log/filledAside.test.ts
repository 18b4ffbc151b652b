import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filledAside, isUnused } from '../../src/log/filledAside.ts';
import { openLevelReader } from '../../src/log/levelReader.ts';

let dir = '';
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'holdfast-aside-')), 'log');
});
afterEach(() => rmSync(join(dir, '..'), { recursive: true }));

const half = async (folder: string): Promise<void> => {
  mkdirSync(join(folder, 'db'), { recursive: true });
  writeFileSync(join(folder, 'db', 'CURRENT'), 'half');
};

test('[LO9] a log that is made of another one is in its folder when it is whole, and before that the folder holds no log', async () => {
  await filledAside(dir, async (folder) => {
    await half(folder);
    await expect(openLevelReader(dir, { touches: () => [] })).rejects.toMatchObject({ code: 'HOLDFAST_LOG_NOT_A_LOG' });
    writeFileSync(join(folder, 'HEAD'), '');
  });
  expect(readdirSync(dir).sort()).toEqual(['HEAD', 'db']);
  expect(isUnused(dir)).toBe(false);
});

test('[LO9] what a maker that died has left counts as nothing, and the next one begins anew', async () => {
  await half(join(dir, '.half'));
  expect(isUnused(dir)).toBe(true);
  await filledAside(dir, async (folder) => {
    expect(existsSync(folder)).toBe(false);
    await half(folder);
  });
  expect(readdirSync(dir)).toEqual(['db']);
});

test('one that fails, or has nothing to make, leaves no folder where there was none', async () => {
  const failing = filledAside(dir, async (folder) => {
    await half(folder);
    throw new Error('the disk is full');
  });
  await expect(failing).rejects.toThrow('the disk is full');
  expect(existsSync(dir)).toBe(false);
  await filledAside(dir, async () => {});
  expect(existsSync(dir)).toBe(false);
});
