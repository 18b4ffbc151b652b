/** What `verify` names and what `salvage` saves, one kind of damage at a time. */
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Author, all, touches, work } from '../../src/contract/material.ts';
import { hashedLine } from '../../src/log/canonical.ts';
import { Sealer } from '../../src/log/chain.ts';
import { decodeFrame, encodeFrame, type Frame, unfold } from '../../src/log/frame.ts';
import { readHead } from '../../src/log/headFile.ts';
import { eventsOf, packHistory, positionsOf } from '../../src/log/histories.ts';
import { openLevelLog } from '../../src/log/level.ts';
import { openLevelReader } from '../../src/log/levelReader.ts';
import { bodyOf, indexKey, packPositions, rangeOf, unpackPositions, withCheck } from '../../src/log/postings.ts';
import { salvageLog } from '../../src/log/salvage.ts';
import { type LevelStore, openStore } from '../../src/log/store.ts';
import { verifyLog } from '../../src/log/verify.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-verify-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const newFolder = (): string => {
  folders += 1;
  return join(root, `log-${folders}`);
};

interface Made {
  readonly dir: string;
  readonly lines: string[];
  /** Position of the event that names the blob. */
  readonly named: number;
  readonly blob: string;
}

/** A closed log with checkpoints, a blob in its middle, and a snapshot. */
async function made(): Promise<Made> {
  const dir = newFolder();
  const author = new Author();
  const log = await openLevelLog(dir, { touches, checkpointEvery: 100 });
  await log.append(author.opening());
  for (const batch of work(author, 120)) await log.append(batch);
  const text = 'a large output '.repeat(6000);
  const sha256 = hash('sha256', text);
  const output = { blob: sha256, bytes: text.length };
  await log.append(
    author.batch(
      [{ stream: 'turn/1' }, { stream: 'turn/1', data: { agentId: 'a1', deep: [{ output }] } }],
      [{ sha256, content: Buffer.from(text) }],
    ),
  );
  const named = author.position;
  const { position, hash: here } = log.synced();
  await log.putSnapshot({ stateVersion: 3, position, hash: here, stateHash: 'c'.repeat(64), state: { n: position } });
  for (const batch of work(author, 60)) await log.append(batch);
  const lines = (await all(log.readHashed())).map(hashedLine);
  await log.close();
  return { dir, lines, named, blob: join(dir, 'blobs', sha256) };
}

/** Changes what LevelDB holds, as somebody with this code in hand could. */
async function edit(dir: string, change: (store: LevelStore) => Promise<void>): Promise<void> {
  const store = await openStore(join(dir, 'db'), { create: false });
  await change(store);
  await store.close();
}

const flip = (path: string): void => {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 4;
  writeFileSync(path, bytes);
};

const verify = (dir: string): ReturnType<typeof verifyLog> => verifyLog(dir, { touches });

describe('verify', () => {
  test('[LO4] a sound log is ok, with its events and its head', async () => {
    const { dir, lines } = await made();
    const seen: number[] = [];
    const verdict = await verifyLog(dir, { touches, progress: (events) => seen.push(events) });
    expect(verdict).toMatchObject({ ok: true, events: lines.length, head: { position: lines.length, epoch: 1 } });
    expect(lines.at(-1)).toContain(verdict.head.hash);
    expect(seen.at(-1)).toBe(lines.length);
  });

  test('[LO4] a blob that is missing, changed or of another size is named by the event that names it', async () => {
    const { dir, named, blob } = await made();
    flip(blob);
    const verdict = await verify(dir);
    // The batch of two is bad as a whole.
    expect(verdict).toMatchObject({ ok: false, firstBad: named, events: named - 2, head: { position: named - 2 } });
    expect(verdict.what).toContain('blob');
    rmSync(blob);
    expect(await verify(dir)).toMatchObject({ ok: false, firstBad: named });
  });

  test('[LO6] a snapshot whose bytes changed, or whose state hash the events do not lead to, is named', async () => {
    const { dir, named } = await made();
    const asked: number[][] = [];
    const stateHashAt = (answer: string | undefined) => async (position: number, stateVersion: number) => {
      asked.push([position, stateVersion]);
      return answer;
    };
    expect(await verifyLog(dir, { touches, stateHashAt: stateHashAt('c'.repeat(64)) })).toMatchObject({ ok: true });
    expect(await verifyLog(dir, { touches, stateHashAt: stateHashAt(undefined) })).toMatchObject({ ok: true });
    expect(await verifyLog(dir, { touches, stateHashAt: stateHashAt('d'.repeat(64)) })).toMatchObject({
      ok: false,
      firstBad: named,
    });
    expect(asked).toEqual([
      [named, 3],
      [named, 3],
      [named, 3],
    ]);
    const path = join(dir, 'snapshots', `${named}.snap`);
    flip(path);
    expect(await verify(dir)).toMatchObject({ ok: false, firstBad: named });
    const reader = await openLevelReader(dir, { touches });
    expect(await reader.snapshot(3)).toBeUndefined();
    await reader.close();
    rmSync(path);
    expect(await verify(dir)).toMatchObject({ ok: true });
  });

  test('[LO4] an index record that is missing, changed or of other positions is named', async () => {
    const { dir } = await made();
    const store = await openStore(join(dir, 'db'), { create: false });
    const [key, value] = (await store.iterator({ ...rangeOf('x'), limit: 1 }).all())[0]!;
    await store.del(key);
    await store.close();
    const positions = unpackPositions(bodyOf(key, value)!);
    expect(await verify(dir)).toMatchObject({ ok: false, firstBad: positions[0] });
    await edit(dir, (again) => again.put(key, Buffer.concat([value.subarray(0, 4), Buffer.from([9])])));
    expect(await verify(dir)).toMatchObject({ ok: false, firstBad: positions[0] });
    await edit(dir, (again) => again.put(key, withCheck(key, packPositions([...positions, positions.at(-1)! + 1]))));
    expect(await verify(dir)).toMatchObject({ ok: false });
    await edit(dir, (again) => again.put(key, value));
    expect(await verify(dir)).toMatchObject({ ok: true });
  });

  test('[LO4] the copy of an event that lies by agent cannot say something else', async () => {
    const { dir } = await made();
    let changed = 0;
    await edit(dir, async (store) => {
      const [key, value] = (await store.iterator({ ...rangeOf('h'), limit: 1 }).all())[0]!;
      const body = bodyOf(key, value)!;
      const positions = positionsOf(body);
      const events = eventsOf(body, positions).map((event, i) =>
        i === 1 ? { ...event!, data: { agentId: 'x' } } : event,
      );
      changed = positions[1]!;
      await store.put(key, withCheck(key, packHistory({ positions, events })));
    });
    expect(await verifyLog(dir, { touches })).toMatchObject({ ok: false, firstBad: changed });
    // What is read from frames is sound, and that is all that a quick look says.
    expect(await verifyLog(dir, { touches, quick: true })).toMatchObject({ ok: true });
  });

  test('[I1] a history rewritten with matching checksums still shows: versions are dense and time goes on', async () => {
    const changes: [string, (rows: Frame['rows'][number][]) => void][] = [
      ['has version', (rows) => (rows[1]![0] += 1)],
      ['the time goes back', (rows) => (rows[1]![4] = 5)],
    ];
    for (const [trouble, change] of changes) {
      const { dir } = await made();
      let first = 0;
      await edit(dir, async (store) => {
        const entries = await store.iterator({ gte: Buffer.from('f'), lt: Buffer.from('g') }).all();
        const [key, value] = entries.at(-1)!;
        const frame = decodeFrame(key, value);
        first = frame.first;
        const rows = frame.rows.map((row) => [...row] as Frame['rows'][number]);
        change(rows);
        const page: Parameters<typeof unfold>[1] = [];
        unfold({ ...frame, rows }, page);
        const sealer = new Sealer(frame.prev);
        let at = 0;
        for (const size of frame.sizes) {
          sealer.add(page, at, at + size);
          at += size;
        }
        await store.put(key, encodeFrame({ ...frame, rows, seal: sealer.seal }));
      });
      const { ok, firstBad, what } = await verify(dir);
      expect({ ok, firstBad }).toEqual({ ok: false, firstBad: first + 1 });
      expect(what).toContain(trouble);
      await expect(openLevelLog(dir, { touches })).rejects.toMatchObject({ code: 'HOLDFAST_LOG_DAMAGED' });
    }
  });
});

describe('salvage', () => {
  test('[LO4] salvage copies the sound prefix in whole batches, with its blobs, and reports where it ends', async () => {
    const { dir, lines, named, blob } = await made();
    const whole = newFolder();
    expect(await salvageLog(dir, whole, { touches })).toMatchObject({
      events: lines.length,
      blobs: 1,
      firstBad: undefined,
    });
    expect(await verify(whole)).toMatchObject({ ok: true, events: lines.length });
    expect(readHead(join(whole, 'HEAD'))).toMatchObject({ position: lines.length });
    rmSync(blob);
    const part = newFolder();
    expect(await salvageLog(dir, part, { touches })).toMatchObject({ events: named - 2, blobs: 0, firstBad: named });
    const reader = await openLevelReader(part, { touches });
    expect((await all(reader.readHashed())).map(hashedLine)).toEqual(lines.slice(0, named - 2));
    await reader.close();
  });

  test('[LO4] salvage takes everything up to a missing record, and all of a log that only lost its HEAD', async () => {
    const { dir, lines } = await made();
    rmSync(join(dir, 'HEAD'));
    const all = newFolder();
    expect(await salvageLog(dir, all, { touches })).toMatchObject({ events: lines.length, firstBad: lines.length + 1 });
    let first = 0;
    let behind = 0;
    await edit(dir, async (store) => {
      const keys = await store.keys({ gte: Buffer.from('f'), lt: Buffer.from('g') }).all();
      const key = keys[1]!;
      first = key.readUInt32BE(5);
      behind = keys[2]!.readUInt32BE(5);
      await store.del(key);
    });
    const part = newFolder();
    const salvaged = await salvageLog(dir, part, { touches });
    expect(salvaged).toMatchObject({ events: first - 1, firstBad: first, unproven: lines.length - behind + 1 });
    // Behind the gap: as it was written, but nothing says that it belongs there.
    const unproven = readFileSync(join(part, 'unproven.jsonl'), 'utf8').trimEnd().split('\n');
    const plain = lines.slice(behind - 1).map((line) => line.replace(/,"hash":"[0-9a-f]{64}"\}$/, '}'));
    expect(unproven).toEqual(plain.map((text) => `{"unproven":${text}}`));
    expect(await verify(part)).toMatchObject({ ok: true, events: first - 1 });
  });

  test('[LO4] salvage makes nothing where nothing is sound, and never writes into a folder that holds something', async () => {
    const { dir } = await made();
    const taken = newFolder();
    mkdirSync(taken);
    writeFileSync(join(taken, 'mine'), '');
    await expect(salvageLog(dir, taken, { touches })).rejects.toMatchObject({
      code: 'HOLDFAST_SALVAGE_TARGET_NOT_EMPTY',
    });
    expect(readdirSync(taken)).toEqual(['mine']);
    rmSync(join(dir, 'db', 'CURRENT'));
    const to = newFolder();
    expect(await salvageLog(dir, to, { touches })).toMatchObject({ events: 0, head: undefined, firstBad: 1 });
    expect(existsSync(to)).toBe(false);
  });
});

test('[LO1] reading by agent takes large events and odd data from where they lie', async () => {
  const dir = newFolder();
  const author = new Author();
  const log = await openLevelLog(dir, { touches, checkpointEvery: 1e9 });
  await log.append(author.opening());
  const facts = [{ text: 'small' }, { text: 'x'.repeat(50_000) }, { text: 'half \ud800' }, { text: 'small again' }];
  for (const data of facts) await log.append(author.batch([{ stream: 'turn/1', data: { agentId: 'a', ...data } }]));
  const before = await all(log.readAgent('a'));
  expect(before.map((event) => (event.data as { text: string }).text.length)).toEqual([5, 50_000, 6, 11]);
  await log.checkpoint();
  expect(await all(log.readAgent('a'))).toEqual(before);
  expect(await all(log.readStream('turn/1'))).toEqual(before);
  expect(await all(log.readAgent('a', { from: 3, to: 4 }))).toEqual(before.slice(1, 3));
  await log.close();
  expect(await verifyLog(dir, { touches })).toMatchObject({ ok: true });
  expect(indexKey('h', 'agent/a', 2).length).toBe(18);
});
