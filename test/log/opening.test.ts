/** Opening a log: who may, what it is checked against, and that looking changes nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Author, all, everything, fleetId, touches, work } from '../../src/contract/material.ts';
import { hashedLine } from '../../src/log/canonical.ts';
import { sha256 } from '../../src/log/chain.ts';
import { openHead, readHead } from '../../src/log/headFile.ts';
import { openLevelLog } from '../../src/log/level.ts';
import { openLevelReader } from '../../src/log/levelReader.ts';
import { nextFileNumber } from '../../src/log/manifest.ts';
import { privateCopy } from '../../src/log/privateCopy.ts';
import { salvageLog } from '../../src/log/salvage.ts';
import { openStore } from '../../src/log/store.ts';
import { verifyLog } from '../../src/log/verify.ts';
import { writeFailed } from '../../src/log/writeFailed.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-opening-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const newFolder = (): string => {
  folders += 1;
  return join(root, `log-${folders}`);
};

const refusedWith = (code: string, details: object = {}): object =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });

/** A closed log of some hundred events. */
async function made(
  batches = 150,
  startedAt = 1_795_171_880_000,
): Promise<{ dir: string; author: Author; lines: string[] }> {
  const dir = newFolder();
  const author = new Author();
  author.at = startedAt;
  const log = await openLevelLog(dir, { touches, checkpointEvery: 100 });
  await log.append(author.opening());
  for (const batch of work(author, batches)) void log.append(batch);
  await log.flush();
  const lines = (await all(log.readHashed())).map(hashedLine);
  await log.close();
  return { dir, author, lines };
}

/** Owner files as another process would leave them. */
function ownerFile(
  dir: string,
  pid: number,
  startTime: number,
  folder = `${statSync(dir).dev}:${statSync(dir).ino}`,
): void {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  writeFileSync(join(dir, 'owner.json'), JSON.stringify({ pid, startTime, bootId, folder, socket: '/run/x.sock' }));
}

const startTimeOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
};

describe('ownership', () => {
  test('[LO3] a second writer is refused with the pid of the owner and how to reach it', async () => {
    const dir = newFolder();
    const log = await openLevelLog(dir, { touches, owner: { socket: '/tmp/engine.sock' } });
    const refusal = refusedWith('HOLDFAST_LOG_LOCKED', { pid: process.pid, socket: '/tmp/engine.sock' });
    await expect(openLevelLog(dir, { touches })).rejects.toEqual(refusal);
    await expect(openLevelReader(dir, { touches })).rejects.toEqual(refusal);
    await expect(verifyLog(dir, { touches })).rejects.toEqual(refusal);
    await log.close();
    expect(existsSync(join(dir, 'owner.json'))).toBe(false);
    await (await openLevelLog(dir, { touches })).close();
  });

  test('[LO3] the lock of another living process holds, and that of a dead one does not block', async () => {
    const { dir } = await made(3);
    const other = spawn('sleep', ['1000']);
    await once(other, 'spawn');
    const pid = other.pid!;
    ownerFile(dir, pid, startTimeOf(pid));
    await expect(openLevelLog(dir, { touches })).rejects.toEqual(
      refusedWith('HOLDFAST_LOG_LOCKED', { pid, socket: '/run/x.sock' }),
    );
    other.kill('SIGKILL');
    await once(other, 'exit');
    await (await openLevelLog(dir, { touches })).close();
  });

  test('[LO3] a stranger under the pid of a dead owner, and the owner of another folder, do not block', async () => {
    const { dir } = await made(3);
    ownerFile(dir, process.pid, startTimeOf(process.pid) - 1);
    await (await openLevelLog(dir, { touches })).close();
    ownerFile(dir, process.pid, startTimeOf(process.pid), '1:1');
    await (await openLevelLog(dir, { touches })).close();
    writeFileSync(join(dir, 'owner.json'), '{"pid":');
    await (await openLevelLog(dir, { touches })).close();
  });

  test('[LO3] of many that open a log at once exactly one gets it', async () => {
    const { dir } = await made(3);
    ownerFile(dir, 2 ** 22 - 1, 5);
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => openLevelLog(dir, { touches })));
    const logs = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    expect(logs).toHaveLength(1);
    for (const attempt of attempts)
      if (attempt.status === 'rejected') expect(attempt.reason.code).toBe('HOLDFAST_LOG_LOCKED');
    await logs[0]!.close();
    expect(readdirSync(dir).filter((name) => name.startsWith('owner'))).toEqual([]);
  });

  test('[LO3] a lock that only LevelDB knows of is respected too', async () => {
    const { dir } = await made(3);
    const store = await openStore(join(dir, 'db'), { create: false });
    await expect(openLevelLog(dir, { touches })).rejects.toEqual(refusedWith('HOLDFAST_LOG_LOCKED'));
    await store.close();
  });
});

describe('what is no log yet', () => {
  test('[LO9] a missing, an empty and a begun folder are taken over, and have nothing to read', async () => {
    const begun = newFolder();
    await (await openLevelLog(begun, { touches })).close();
    const empty = newFolder();
    mkdirSync(empty);
    for (const dir of [newFolder(), empty, begun]) {
      await expect(openLevelReader(dir, { touches })).rejects.toEqual(refusedWith('HOLDFAST_LOG_EMPTY', { dir }));
      await expect(verifyLog(dir, { touches })).rejects.toEqual(refusedWith('HOLDFAST_LOG_EMPTY'));
      const log = await openLevelLog(dir, { touches });
      expect(log.head().position).toBe(0);
      await log.append(new Author().opening());
      await log.close();
      expect(await verifyLog(dir, { touches })).toMatchObject({ ok: true, events: 1 });
    }
  });

  test('[LO9] a folder of something else is not taken over, and a file is none', async () => {
    const dir = newFolder();
    mkdirSync(dir);
    writeFileSync(join(dir, 'thesis.txt'), 'chapter 1');
    await expect(openLevelLog(dir, { touches })).rejects.toEqual(refusedWith('HOLDFAST_LOG_NOT_A_LOG'));
    await expect(openLevelReader(dir, { touches })).rejects.toEqual(refusedWith('HOLDFAST_LOG_NOT_A_LOG'));
    expect(readdirSync(dir)).toEqual(['thesis.txt']);
    const file = join(dir, 'thesis.txt');
    await expect(openLevelLog(file, { touches })).rejects.toEqual(refusedWith('HOLDFAST_LOG_NOT_A_LOG'));
    await expect(openLevelReader(file, { touches })).rejects.toEqual(refusedWith('HOLDFAST_LOG_NOT_A_LOG'));
  });

  test('[LO1] the folder of a log is for its owner only', async () => {
    const { dir } = await made(3);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, 'HEAD')).mode & 0o777).toBe(0o600);
  });
});

describe('looking', () => {
  const fingerprint = (dir: string): string[] =>
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(dir, name)).isFile())
      .sort()
      .map((name) => `${name} ${sha256(readFileSync(join(dir, name)))}`);

  test('[LO4] verify, salvage and a reader leave every file of the log as it was, write-ahead file included', async () => {
    const dir = newFolder();
    const author = new Author();
    const log = await openLevelLog(dir, { touches, checkpointEvery: 50 });
    await log.append(author.opening());
    for (const batch of work(author, 120)) await log.append(batch);
    const lines = (await all(log.readHashed())).map(hashedLine);
    const killed = newFolder();
    cpSync(dir, killed, { recursive: true });
    await log.close();
    const before = fingerprint(killed);
    expect(await verifyLog(killed, { touches })).toMatchObject({ ok: true, events: lines.length });
    const reader = await openLevelReader(killed, { touches });
    expect((await all(reader.readHashed())).map(hashedLine)).toEqual(lines);
    await reader.close();
    expect(await salvageLog(killed, newFolder(), { touches })).toMatchObject({
      events: lines.length,
      firstBad: undefined,
    });
    expect(fingerprint(killed)).toEqual(before);
  });

  test('[LO4] an owner at work can be read by others without disturbing it', async () => {
    const dir = newFolder();
    const author = new Author();
    const log = await openLevelLog(dir, { touches, checkpointEvery: 50 });
    await log.append(author.opening());
    for (let round = 0; round < 5; round++) {
      for (const batch of work(author, 60)) void log.append(batch);
      const verdict = await verifyLog(dir, { touches, whileOwned: true });
      expect(verdict).toMatchObject({ ok: true });
      const reader = await openLevelReader(dir, { touches, whileOwned: true });
      expect((await everything(reader)).length).toBeGreaterThanOrEqual(verdict.events);
      await reader.close();
    }
    await log.close();
  });

  test('[LO4] the private copy of a looker that died is removed by the next one', async () => {
    const { dir } = await made(3);
    const gone = join(dir, '.look-4194303-1');
    mkdirSync(gone);
    const copy = privateCopy(dir, join(dir, 'db'));
    expect(existsSync(gone)).toBe(false);
    expect(readdirSync(copy.path)).toContain('CURRENT');
    copy.remove();
    expect(readdirSync(dir).filter((name) => name.startsWith('.look-'))).toEqual([]);
  });

  test('[LO4] tables are linked, not copied', async () => {
    const { dir } = await made();
    await (await openLevelLog(dir, { touches })).close();
    const copy = privateCopy(dir, join(dir, 'db'));
    const tables = readdirSync(copy.path).filter((name) => name.endsWith('.ldb'));
    expect(tables.length).toBeGreaterThan(0);
    for (const name of tables) expect(statSync(join(copy.path, name)).ino).toBe(statSync(join(dir, 'db', name)).ino);
    copy.remove();
  });
});

describe('tables that the owner is making while somebody looks', () => {
  /** A table that no manifest knows yet has the number that the next file of an opened copy gets. */
  async function withTablesBeingMade(): Promise<{
    readonly db: string;
    readonly dir: string;
    readonly tables: string[];
  }> {
    const { dir } = await made();
    const db = join(dir, 'db');
    const counted = Math.max(...readdirSync(db).map((name) => Number.parseInt(name.replace(/\D+/, ''), 10) || 0));
    const tables = Array.from({ length: 12 }, (_, i) => `${String(counted + 1 + i).padStart(6, '0')}.ldb`);
    for (const name of tables) writeFileSync(join(db, name), `${name} as its owner writes it`);
    return { db, dir, tables };
  }

  test('[LO4] are not written over by whoever opens the copy', async () => {
    const { db, dir, tables } = await withTablesBeingMade();
    const copy = privateCopy(dir, db);
    const store = await openStore(copy.path, { create: false });
    expect(await store.keys().all()).not.toEqual([]);
    await store.close();
    for (const name of tables) expect(readFileSync(join(db, name), 'utf8')).toBe(`${name} as its owner writes it`);
    copy.remove();
  });

  test('[LO4] where the manifest cannot be read every table is copied', async () => {
    const { db, dir } = await withTablesBeingMade();
    const manifest = readFileSync(join(db, 'CURRENT'), 'utf8').trim();
    expect(nextFileNumber(readFileSync(join(db, manifest)))).toBeGreaterThan(1);
    writeFileSync(join(db, manifest), Buffer.alloc(40, 0x7f));
    expect(nextFileNumber(readFileSync(join(db, manifest)))).toBe(0);
    const copy = privateCopy(dir, db);
    for (const name of readdirSync(copy.path).filter((file) => file.endsWith('.ldb')))
      expect(statSync(join(copy.path, name)).ino).not.toBe(statSync(join(db, name)).ino);
    copy.remove();
  });
});

describe('HEAD and the checkpoint', () => {
  test('[LO4] a log whose HEAD is missing or bad in both slots is damaged; one good slot is enough', async () => {
    const { dir, lines } = await made();
    const path = join(dir, 'HEAD');
    const whole = readFileSync(path);
    const damagedAtEnd = refusedWith('HOLDFAST_LOG_DAMAGED', { firstBad: lines.length + 1 });
    rmSync(path);
    await expect(openLevelLog(dir, { touches })).rejects.toEqual(damagedAtEnd);
    expect(await verifyLog(dir, { touches })).toMatchObject({
      ok: false,
      events: lines.length,
      firstBad: lines.length + 1,
    });
    const bad = Buffer.from(whole);
    bad[20]! ^= 1;
    bad[512 + 20]! ^= 1;
    writeFileSync(path, bad);
    await expect(openLevelLog(dir, { touches })).rejects.toEqual(damagedAtEnd);
    for (const slot of [0, 512]) {
      const half = Buffer.from(whole);
      half[slot + 20]! ^= 1;
      writeFileSync(path, half);
      expect(await verifyLog(dir, { touches })).toMatchObject({ ok: true });
    }
  });

  test('[LO4] a log older than its own HEAD, and one without its store, are damaged', async () => {
    const { dir, author, lines } = await made();
    const older = newFolder();
    cpSync(join(dir, 'db'), older, { recursive: true });
    const log = await openLevelLog(dir, { touches });
    for (const batch of work(author, 20)) await log.append(batch);
    await log.close();
    rmSync(join(dir, 'db'), { recursive: true });
    await expect(openLevelLog(dir, { touches })).rejects.toEqual(refusedWith('HOLDFAST_LOG_DAMAGED', { firstBad: 1 }));
    cpSync(older, join(dir, 'db'), { recursive: true });
    await expect(openLevelLog(dir, { touches })).rejects.toEqual(
      refusedWith('HOLDFAST_LOG_DAMAGED', { firstBad: lines.length + 1 }),
    );
    rmSync(join(dir, 'db', 'CURRENT'));
    await expect(openLevelReader(dir, { touches })).rejects.toEqual(
      refusedWith('HOLDFAST_LOG_DAMAGED', { firstBad: 1 }),
    );
    expect(await verifyLog(dir, { touches })).toMatchObject({ ok: false, events: 0, firstBad: 1 });
  });

  test('[LO4] another history under the HEAD of this one is damaged', async () => {
    const one = await made(40);
    const other = await made(45, 1_795_000_000_000);
    cpSync(join(one.dir, 'HEAD'), join(other.dir, 'HEAD'));
    const damage = refusedWith('HOLDFAST_LOG_DAMAGED', { firstBad: one.author.position });
    await expect(openLevelLog(other.dir, { touches })).rejects.toEqual(damage);
    expect(await verifyLog(other.dir, { touches })).toMatchObject({ ok: false, firstBad: one.author.position });
  });

  test('[LO4] what was synced beyond HEAD is kept', async () => {
    const dir = newFolder();
    const author = new Author();
    const log = await openLevelLog(dir, { touches });
    await log.append(author.opening());
    for (const batch of work(author, 10)) await log.append(batch);
    const head = readFileSync(join(dir, 'HEAD'));
    await log.append(author.batch([{ stream: 'turn/1' }, { stream: 'turn/2' }]));
    const killed = newFolder();
    cpSync(dir, killed, { recursive: true });
    writeFileSync(join(killed, 'HEAD'), head);
    await log.close();
    const again = await openLevelLog(killed, { touches });
    expect(again.head().position).toBe(author.position);
    await again.close();
  });

  test('[LO4] HEAD names the last acknowledged batch when its append resolves', async () => {
    const dir = newFolder();
    const author = new Author();
    const log = await openLevelLog(dir, { touches });
    expect(readHead(join(dir, 'HEAD'))).toMatchObject({ position: 0 });
    await log.append(author.opening());
    for (const batch of work(author, 5)) {
      await log.append(batch);
      expect(readHead(join(dir, 'HEAD'))).toMatchObject({
        position: author.position,
        at: author.at,
        epoch: 1,
        fleetId,
      });
    }
    await log.close();
  });

  test('[LO8] a HEAD of a newer format is refused by its version', async () => {
    const { dir } = await made(3);
    const path = join(dir, 'HEAD');
    const bytes = readFileSync(path);
    for (const slot of [0, 512]) {
      bytes.writeUInt16BE(2, slot + 6);
      bytes.write(sha256(bytes.subarray(slot, slot + 480)), slot + 480, 'latin1');
    }
    writeFileSync(path, bytes);
    await expect(openLevelLog(dir, { touches })).rejects.toEqual(refusedWith('HOLDFAST_LOG_NEWER', { version: 2 }));
    expect(() => openHead(path)).toThrow('format 2');
  });

  test('[LO4] opening reads from the last checkpoint; quiet records are merged there and the chain stays', async () => {
    const dir = newFolder();
    const author = new Author();
    const log = await openLevelLog(dir, { touches, checkpointEvery: 1e9 });
    await log.append(author.opening());
    for (const batch of work(author, 300)) await log.append(batch);
    const lines = (await all(log.readHashed())).map(hashedLine);
    const streams = await all(log.readStream('turn/7'));
    const frames = async (): Promise<number> => {
      const copy = privateCopy(dir, join(dir, 'db'));
      const store = await openStore(copy.path, { create: false });
      const keys = await store.keys({ gte: Buffer.from('f'), lt: Buffer.from('g') }).all();
      await store.close();
      copy.remove();
      return keys.length;
    };
    expect(await frames()).toBe(301);
    const reading = log.readHashed()[Symbol.asyncIterator]();
    await log.checkpoint();
    expect(await frames()).toBeLessThan(6);
    expect((await reading.next()).value).toBeDefined();
    await reading.return?.();
    expect((await all(log.readHashed())).map(hashedLine)).toEqual(lines);
    expect(await all(log.readStream('turn/7'))).toEqual(streams);
    expect(await verifyLog(dir, { touches, whileOwned: true })).toMatchObject({
      ok: true,
      events: lines.length,
    });
    await log.close();
  });
});

describe('trouble with the disk', () => {
  test('[LO5] a full disk is named, with a remedy', () => {
    expect(writeFailed(new Error('IO error: 000003.log: No space left on device'))).toMatchObject({
      code: 'HOLDFAST_LOG_WRITE_FAILED',
      message: expect.stringContaining('the disk is full'),
      remedy: expect.stringContaining('free space'),
    });
  });

  test('[LO5] a blob that cannot be written fails its batch, and the batch is not in the log', async () => {
    const dir = newFolder();
    const author = new Author();
    const log = await openLevelLog(dir, { touches });
    await log.append(author.opening());
    rmSync(join(dir, 'blobs'), { recursive: true });
    const content = Buffer.from('x');
    const batch = author.batch([{ stream: 'turn/1' }], [{ sha256: 'a'.repeat(64), content }]);
    await expect(log.append(batch)).rejects.toEqual(refusedWith('HOLDFAST_LOG_WRITE_FAILED'));
    await log.close();
    expect(await verifyLog(dir, { touches })).toMatchObject({ ok: true, events: 1 });
  });

  test('[LO3] a folder that cannot be written is refused for writing, and can be read', async () => {
    const { dir, lines } = await made(5);
    chmodSync(dir, 0o500);
    try {
      if (process.getuid?.() !== 0) {
        await expect(openLevelLog(dir, { touches })).rejects.toEqual(refusedWith('HOLDFAST_LOG_READ_ONLY', { dir }));
      }
      const reader = await openLevelReader(dir, { touches });
      expect(await everything(reader)).toHaveLength(lines.length);
      await reader.close();
    } finally {
      chmodSync(dir, 0o700);
    }
  });
});
