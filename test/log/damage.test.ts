/**
 * Real logs, damaged at random in every way a disk or a person can: afterwards `verify` names the damage, or what is
 * read is provably what was written. HOLDFAST_LONG=1 tries a thousand damages instead of sixty.
 */
import { hash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Author, all, everything, touches, work } from '../../src/contract/material.ts';
import { hashedLine } from '../../src/log/canonical.ts';
import type { FrameLog } from '../../src/log/frameLog.ts';
import { openLevelLog } from '../../src/log/level.ts';
import { openLevelReader } from '../../src/log/levelReader.ts';
import { salvageLog } from '../../src/log/salvage.ts';
import { verifyLog } from '../../src/log/verify.ts';

const damages = process.env.HOLDFAST_LONG === undefined ? 60 : 1000;

const root = mkdtempSync(join(tmpdir(), 'holdfast-damage-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** mulberry32: the same damages in every run. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Files that carry the log; LevelDB's notes and its lock do not. */
function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) =>
        !/(^|\/)(LOG|LOG\.old|LOCK|owner\.json)$/.test(name) &&
        !name.startsWith('.look-') &&
        statSync(join(dir, name)).isFile(),
    )
    .sort();
}

const fingerprint = (dir: string): string =>
  filesOf(dir)
    .map((name) => `${name} ${hash('sha256', readFileSync(join(dir, name)))}`)
    .join('\n');

interface Image {
  readonly name: string;
  readonly dir: string;
  readonly lines: string[];
  readonly end: number;
}

let images: Image[] = [];
let older: string;

async function session(dir: string, author: Author, act: (log: FrameLog) => Promise<void>): Promise<FrameLog> {
  const log = await openLevelLog(dir, { touches, checkpointEvery: 400 });
  await act(log);
  await log.flush();
  expect(log.head().position).toBe(author.position);
  return log;
}

async function fill(log: FrameLog, author: Author, batches: number): Promise<void> {
  let i = 0;
  for (const batch of work(author, batches)) {
    const appended = log.append(batch);
    // Quiet and busy times by turns: frames of one batch, and of many.
    if (i++ % 100 < 30) await appended;
  }
  const text = `a large output ${author.position} `.repeat(300);
  const sha256 = hash('sha256', text);
  await log.append(
    author.batch(
      [{ stream: 'turn/1', data: { agentId: 'a1', output: { blob: sha256, bytes: text.length } } }],
      [{ sha256, content: Buffer.from(text) }],
    ),
  );
  const { position, hash: here } = log.synced();
  await log.putSnapshot({ stateVersion: 1, position, hash: here, stateHash: 'e'.repeat(64), state: { at: position } });
}

async function imageOf(name: string, log: FrameLog, from: string): Promise<Image> {
  const lines = (await all(log.readHashed())).map(hashedLine);
  const dir = join(root, name);
  cpSync(from, dir, { recursive: true });
  return { name, dir, lines, end: lines.length };
}

beforeAll(async () => {
  const dir = join(root, 'log');
  const author = new Author();
  let log = await session(dir, author, async (fresh) => {
    await fresh.append(author.opening());
    await fill(fresh, author, 900);
  });
  const fresh = await imageOf('killed in its first life', log, dir);
  await log.close();
  older = join(root, 'older');
  cpSync(dir, older, { recursive: true });
  author.epoch = 2;
  log = await session(dir, author, (again) => fill(again, author, 700));
  await log.close();
  author.epoch = 3;
  log = await session(dir, author, (again) => fill(again, author, 350));
  await log.checkpoint();
  for (const batch of work(author, 100)) await log.append(batch);
  const killed = await imageOf('killed', log, dir);
  const lines = (await all(log.readHashed())).map(hashedLine);
  await log.close();
  images = [fresh, killed, { name: 'stopped in order', dir, lines, end: lines.length }];
});

const kinds = [
  'flip a bit',
  'zero a page',
  'cut',
  'swap',
  'put an older copy in the place of',
  'delete',
  'overwrite a stretch of',
  'append to',
] as const;

/** Damages one file in a copy and says what it did; undefined when it changed nothing. */
function damage(dir: string, random: (below: number) => number): string | undefined {
  const files = filesOf(dir);
  const name = files[random(files.length)]!;
  const path = join(dir, name);
  const kind = kinds[random(kinds.length)]!;
  const before = readFileSync(path);
  const bytes = Buffer.from(before);
  if (bytes.length === 0 && kind !== 'delete') return undefined;
  switch (kind) {
    case 'flip a bit':
      bytes[random(bytes.length)]! ^= 1 << random(8);
      writeFileSync(path, bytes);
      break;
    case 'zero a page': {
      const at = random(Math.ceil(bytes.length / 4096)) * 4096;
      writeFileSync(path, bytes.fill(0, at, Math.min(at + 4096, bytes.length)));
      break;
    }
    case 'cut':
      truncateSync(path, random(bytes.length));
      break;
    case 'swap': {
      const other = join(dir, files[random(files.length)]!);
      renameSync(path, `${path}.aside`);
      if (other !== path) renameSync(other, path);
      renameSync(`${path}.aside`, other);
      if (readFileSync(path).equals(before)) return undefined;
      return `${kind} ${name} and ${other}`;
    }
    case 'put an older copy in the place of':
      if (!filesOf(older).includes(name)) return undefined;
      copyFileSync(join(older, name), path);
      break;
    case 'delete':
      rmSync(path);
      return `${kind} ${name}`;
    case 'overwrite a stretch of': {
      const at = random(bytes.length);
      for (let i = at; i < Math.min(at + 1 + random(200), bytes.length); i++) bytes[i] = random(256);
      writeFileSync(path, bytes);
      break;
    }
    case 'append to':
      writeFileSync(
        path,
        Buffer.concat([bytes, Buffer.from(Array.from({ length: 1 + random(300) }, () => random(256)))]),
      );
      break;
  }
  return readFileSync(path).equals(before) ? undefined : `${kind} ${name}`;
}

/** What a reader says of a log that verify calls sound. */
async function readsAs(dir: string, image: Image, how: string): Promise<void> {
  const reader = await openLevelReader(dir, { touches });
  try {
    expect((await all(reader.readHashed())).map(hashedLine), how).toEqual(image.lines);
    const events = await everything(reader);
    for (const stream of ['fleet', 'turn/1', 'mail/a3', 'slot/root', 'agent/a0']) {
      expect(await all(reader.readStream(stream)), how).toEqual(events.filter((event) => event.stream === stream));
    }
    expect(await all(reader.readAgent('a1')), how).toEqual(
      events.filter((event) => touches(event).includes('agent/a1')),
    );
  } finally {
    await reader.close();
  }
}

const damageCodes = ['HOLDFAST_LOG_DAMAGED'];
const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

describe('damage', () => {
  test('[LO4] an image that nobody damaged verifies and reads as it was written', async () => {
    for (const image of images) {
      const before = fingerprint(image.dir);
      expect(await verifyLog(image.dir, { touches }), image.name).toMatchObject({
        ok: true,
        events: image.end,
      });
      await readsAs(image.dir, image, image.name);
      expect(fingerprint(image.dir), image.name).toBe(before);
    }
  });

  test(`[LO4] after each of ${damages} damages verify names it, or the log reads as it was written`, {
    timeout: 90 * 60_000,
  }, async () => {
    const counts = { named: 0, harmless: 0 };
    for (let seed = 1; counts.named + counts.harmless < damages; seed++) {
      const random = randomOf(seed);
      const image = images[random(images.length)]!;
      const dir = join(root, `try-${seed}`);
      cpSync(image.dir, dir, { recursive: true });
      const what = damage(dir, random);
      if (what === undefined) {
        rmSync(dir, { recursive: true });
        continue;
      }
      const how = `seed ${seed}, ${image.name}: ${what}`;
      const before = fingerprint(dir);
      const verdict = await verifyLog(dir, { touches }).catch((error: unknown) => expect.fail(`${how}: ${error}`));
      expect(fingerprint(dir), `${how}: verify changed it`).toBe(before);
      if (verdict.ok) {
        counts.harmless++;
        await readsAs(dir, image, how);
      } else {
        counts.named++;
        expect(verdict.firstBad, how).toBeGreaterThanOrEqual(1);
        expect(verdict.firstBad, how).toBeLessThanOrEqual(image.end + 1);
        expect(verdict.events, how).toBeLessThan(verdict.firstBad!);
        if (seed % 5 === 0) await salvages(dir, `${dir}-salvaged`, image, verdict.events, how);
      }
      await opens(dir, image, how);
      rmSync(dir, { recursive: true });
    }
    expect(counts.named).toBeGreaterThan(damages / 3);
  });
});

async function salvages(dir: string, to: string, image: Image, events: number, how: string): Promise<void> {
  const salvaged = await salvageLog(dir, to, { touches });
  // The index is not salvaged but made anew, so more may be saved than verify vouches for.
  expect(salvaged.events, how).toBeGreaterThanOrEqual(events);
  if (salvaged.events === 0) return;
  expect(await verifyLog(to, { touches }), how).toMatchObject({ ok: true, events: salvaged.events });
  const reader = await openLevelReader(to, { touches });
  expect((await all(reader.readHashed())).map(hashedLine), how).toEqual(image.lines.slice(0, salvaged.events));
  await reader.close();
  rmSync(to, { recursive: true });
}

/** Opening for writing goes on from the true head, or refuses and leaves every byte as it is. */
async function opens(dir: string, image: Image, how: string): Promise<void> {
  const before = fingerprint(dir);
  let log: FrameLog;
  try {
    log = await openLevelLog(dir, { touches });
  } catch (error) {
    expect(damageCodes, `${how}: ${error}`).toContain(codeOf(error));
    expect(fingerprint(dir), `${how}: a refused opening changed it`).toBe(before);
    return;
  }
  expect(log.head().position, how).toBe(image.end);
  expect(image.lines[image.end - 1], how).toContain(log.head().hash);
  await log.close();
}
