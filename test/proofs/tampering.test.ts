/**
 * Somebody who owns the disk rewrites a log so that all its own hashes are right again. Only what was signed before and
 * kept elsewhere finds it; so does the verifier in another language, on the exported lines.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Envelope } from '../../events/envelope.ts';
import { Author, all, everything, fleetId, touches, work } from '../../src/contract/material.ts';
import { eventText } from '../../src/log/canonical.ts';
import { openMemoryLog } from '../../src/log/memory.ts';
import type { Log } from '../../src/log/port.ts';
import { type Checkpoint, readCheckpoint, signCheckpoint } from '../../src/proofs/checkpoint.ts';
import { hexOfHash, leafHash, rootFromInclusion } from '../../src/proofs/merkle.ts';
import { checkProof, proveConsistency, proveInclusion } from '../../src/proofs/proof.ts';
import { Tree } from '../../src/proofs/tree.ts';
import { Witness } from '../../src/proofs/witness.ts';
import { exported } from '../../src/rollouts/own.ts';

const long = process.env.HOLDFAST_LONG !== undefined;
const { privateKey } = generateKeyPairSync('ed25519');
const verifier = fileURLToPath(new URL('../../src/proofs/verifier.py', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'holdfast-proofs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function written(batches: number): Promise<{ readonly log: Log; readonly author: Author }> {
  const log = openMemoryLog({ touches });
  const author = new Author();
  await log.append(author.opening());
  for (const batch of work(author, batches)) await log.append(batch);
  return { log, author };
}

const signed = async (log: Log): Promise<Checkpoint> => signCheckpoint(log, await Tree.of(log), privateKey);

function contradicted(events: readonly Envelope[], held: readonly Checkpoint[]) {
  const witness = new Witness(held.map((checkpoint) => ({ file: `${checkpoint.size}`, checkpoint })));
  for (const event of events) witness.sees(event.position, eventText(event));
  return witness.contradiction(fleetId);
}

/** What stands at a position after somebody has been there: dense again, as a careful forger leaves it. */
const renumbered = (events: readonly Envelope[]): Envelope[] =>
  events.map((event, i) => ({ ...event, position: i + 1 }));

type Forgery = 'edit' | 'remove' | 'add' | 'swap' | 'cut';

function forged(events: readonly Envelope[], how: Forgery, at: number): Envelope[] {
  const event = events[at]!;
  switch (how) {
    case 'edit':
      return events.with(at, { ...event, data: { ...(event.data as object), said: 'something else' } });
    case 'remove':
      return renumbered(events.toSpliced(at, 1));
    case 'add':
      return renumbered(events.toSpliced(at, 0, { ...event, stream: 'agent/nobody' }));
    case 'swap':
      return renumbered(events.with(at, events[at + 1]!).with(at + 1, event));
    case 'cut':
      return events.slice(0, at);
  }
}

describe('against checkpoints that were kept elsewhere', () => {
  test(`[LO4] ${long ? '10 000' : '300'} random edits, removals, additions, swaps, cuts and roll-backs are all found, each at or after the last checkpoint before it`, {
    timeout: 30 * 60_000,
  }, async () => {
    const { log, author } = await written(40);
    const held = [await signed(log)];
    for (let i = 0; i < 3; i++) {
      for (const batch of work(author, 30)) await log.append(batch);
      held.push(await signed(log));
    }
    const events = await everything(log);
    expect(contradicted(events, held)).toBeUndefined();
    const size = held.at(-1)!.size;
    fc.assert(
      fc.property(
        fc.constantFrom<Forgery>('edit', 'remove', 'add', 'swap', 'cut'),
        fc.nat({ max: size - 2 }),
        (how, at) => {
          const left = forged(events, how, at);
          const proven = held.findLast((checkpoint) => checkpoint.size <= at)?.size ?? 0;
          const next = held.find((checkpoint) => checkpoint.size > at)!.size;
          expect(contradicted(left, held)?.firstBad).toBe(next > left.length ? left.length + 1 : proven + 1);
        },
      ),
      { numRuns: long ? 10_000 : 300 },
    );
    // A copy of an earlier day is whole in itself: only what was signed later knows.
    for (const older of held.slice(0, -1))
      expect(contradicted(events.slice(0, older.size), held)?.what).toContain('rolled back');
  });

  test('a checkpoint of another fleet is named as such', async () => {
    const { log } = await written(5);
    const mine = await signed(log);
    const witness = new Witness([{ file: 'other', checkpoint: { ...mine, fleetId: 'other' } }]);
    for (const event of await everything(log)) witness.sees(event.position, eventText(event));
    expect(witness.contradiction(fleetId)?.what).toContain('of the fleet other');
  });
});

describe('the tree of a log', () => {
  test('is the same from its events alone, from what was kept, and after growing; what was kept of another log does not count', async () => {
    const { log, author } = await written(700);
    const tree = await Tree.of(log);
    const head = log.synced();
    await tree.grow(head.position);
    const root = await tree.root(head.position);
    const kept = tree.content(head);
    expect(await (await Tree.of(log, kept)).root(head.position)).toBe(root);
    for (const batch of work(author, 300)) await log.append(batch);
    const now = log.synced().position;
    const fresh = await (await Tree.of(log)).root(now);
    expect(await (await Tree.of(log, kept)).root(now)).toBe(fresh);
    const grown = await Tree.of(log, kept);
    await grown.grow(now);
    expect(grown.size).toBe(Math.floor(now / 256) * 256);
    expect(await grown.root(now)).toBe(fresh);

    const other = openMemoryLog({ touches });
    const stranger = new Author();
    stranger.at += 1;
    await other.append(stranger.opening());
    for (const batch of work(stranger, 1000)) await other.append(batch);
    expect((await Tree.of(other, kept)).size).toBe(0);
    expect((await Tree.of(log, kept.subarray(0, kept.length - 1))).size).toBe(0);
  });

  test('proves each event and each older checkpoint; a proof of another event, place or checkpoint does not hold', async () => {
    const { log, author } = await written(300);
    const older = await signed(log);
    for (const batch of work(author, 40)) await log.append(batch);
    const newer = await signed(log);
    const tree = await Tree.of(log);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: newer.size }), async (position) => {
        const proof = await proveInclusion(log, tree, position, newer);
        expect(checkProof(proof, newer.verifierKey).size).toBe(newer.size);
        expect(() => checkProof({ ...proof, position: (position % newer.size) + 1 })).toThrow(/position/);
        expect(() => checkProof({ ...proof, event: proof.event.replace('"v":1', '"v":2') })).toThrow(/no event/);
        const path = proof.path.map((hex) => Buffer.from(hex, 'hex').toString('latin1'));
        expect(rootFromInclusion(leafHash(proof.event), position - 1, newer.size, path)).toBe(newer.root);
      }),
      { numRuns: 50 },
    );
    const consistency = await proveConsistency(tree, older, newer);
    expect(checkProof(consistency).size).toBe(newer.size);
    expect(() => checkProof({ ...consistency, path: consistency.path.slice(1) })).toThrow(/does not begin/);
    const forgedRoot = { ...older, root: leafHash('another') };
    await expect(proveConsistency(tree, forgedRoot, newer)).rejects.toMatchObject({
      code: 'HOLDFAST_LOG_NOT_AS_SIGNED',
    });
  });

  test('a checkpoint that was changed, or signed by a key that is not trusted, is refused', async () => {
    const { log } = await written(5);
    const checkpoint = await signed(log);
    expect(readCheckpoint(checkpoint.note, checkpoint.verifierKey)).toEqual(checkpoint);
    const refused = { code: 'HOLDFAST_BAD_CHECKPOINT' };
    const changes = [
      checkpoint.note.replace(`\n${checkpoint.size}\n`, `\n${checkpoint.size + 1}\n`),
      checkpoint.note.replace(/epoch \d+/, 'epoch 9'),
      checkpoint.note.slice(0, -8),
      '',
    ];
    for (const note of changes) expect(() => readCheckpoint(note)).toThrow(expect.objectContaining(refused));
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const other = await signCheckpoint(log, await Tree.of(log), stranger);
    expect(() => readCheckpoint(other.note, checkpoint.verifierKey)).toThrow(expect.objectContaining(refused));
  });
});

describe('the verifier in Python, which shares nothing with Holdfast', () => {
  const run = (...words: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync('python3', [verifier, ...words], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  test('finds a log and its proofs sound, and agrees with ours about the root', async () => {
    const { log, author } = await written(60);
    const older = await signed(log);
    for (const batch of work(author, 60)) await log.append(batch);
    const newer = await signed(log);
    const lines = file('sound.jsonl', `${(await all(exported(log))).join('\n')}\n`);
    const notes = [file('older.checkpoint', older.note), file('newer.checkpoint', newer.note)];
    expect(run(lines, ...notes, '--key', newer.verifierKey)).toMatchObject({
      status: 0,
      said: expect.stringContaining(`${newer.size} of them signed`),
    });
    const tree = await Tree.of(log);
    const inclusion = file('inclusion.json', JSON.stringify(await proveInclusion(log, tree, 77, newer), null, 2));
    const consistency = file('consistency.json', JSON.stringify(await proveConsistency(tree, older, newer)));
    expect(run(inclusion).status).toBe(0);
    expect(run(consistency).status).toBe(0);
    expect(run(inclusion, '--key', 'another').said).toContain('another key');
    const bent = JSON.stringify({
      ...(await proveConsistency(tree, older, newer)),
      path: [hexOfHash(leafHash('x'))],
    });
    expect(run(file('bent.json', bent))).toMatchObject({ status: 1, said: expect.stringContaining('does not begin') });
    expect(run().status).toBe(2);
  });

  test(`[LO4] finds every one of ${long ? 100 : 25} changed, cut and swapped exports`, {
    timeout: 30 * 60_000,
  }, async () => {
    const { log } = await written(30);
    const note = file('held.checkpoint', (await signed(log)).note);
    const lines = await all(exported(log));
    let n = 0;
    const change = fc.record({
      how: fc.constantFrom('bit', 'drop', 'twice', 'cut'),
      at: fc.nat({ max: lines.length - 1 }),
      byte: fc.nat(),
    });
    fc.assert(
      fc.property(change, ({ how, at, byte }) => {
        const line = lines[at]!;
        const place = byte % line.length;
        const bent = line.slice(0, place) + String.fromCharCode(line.charCodeAt(place) ^ 1) + line.slice(place + 1);
        const result =
          how === 'bit'
            ? lines.with(at, bent)
            : how === 'drop'
              ? lines.toSpliced(at, 1)
              : how === 'twice'
                ? lines.toSpliced(at, 0, line)
                : lines.slice(0, at);
        const { status, said } = run(file(`bent-${n++}.jsonl`, `${result.join('\n')}\n`), note);
        expect([status, said]).toEqual([1, expect.stringContaining('does not hold')]);
      }),
      { numRuns: long ? 100 : 25 },
    );
  });

  test('is a program of fewer than 300 lines without imports of anybody else', () => {
    const text = execFileSync('cat', [verifier], { encoding: 'utf8' });
    expect(text.split('\n').length).toBeLessThan(300);
    const imports = [...text.matchAll(/^(?:import|from) (\w+)/gm)].map((match) => match[1]);
    expect(imports).toEqual(['base64', 'hashlib', 'json', 're', 'sys']);
  });
});
