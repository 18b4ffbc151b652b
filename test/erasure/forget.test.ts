import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { holdfast, json, newPlace, type Place, trouble } from '../cli/cli.ts';

/** What is removed from a log at rest, and what stays: hashes, proofs, replay, and what others have. */

const long = (what: string): string => `${what} `.repeat(20_000);
const secret = 'sk-abcdefghijklmnopqrstuvwxyz';

async function lived(): Promise<Place> {
  const place = newPlace({
    models: { script: { kind: 'script' } },
    roots: [{ prompt: 'Go', model: 'script' }],
    scripts: {
      '/root': [
        [{ call: 'spawn_agent', id: 'a', args: { task_name: 'a', message: 'work' } }],
        [{ call: 'wait_agent', id: 'wait', args: {} }],
        [{ say: long('private root') }],
      ],
      '/root/a': [
        [{ call: 'exec_command', id: 'run', args: { cmd: `echo public; echo ${secret}` } }],
        [{ say: long('private a') }],
      ],
    },
  });
  expect((await holdfast(place, 'run', place.fleet, '--log', place.log)).code).toBe(0);
  return place;
}

/** Files beside the database that hold a text: the script of a test is in the first event, for good. */
const holding = (place: Place, text: string): string[] =>
  readdirSync(place.log, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.parentPath.endsWith('/db') && entry.isFile())
    .filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text))
    .map((entry) => entry.name);

const hashes = (place: Place) => json<{ stateHash: string }[]>(place, 'replay', '--every', '1', '--log', place.log);

test('[LO7][LO4] what an agent left is gone from the disk; chain, proofs, replay and the others are as they were', async () => {
  const place = await lived();
  const before = await hashes(place);
  const checkpoint = join(place.log, 'checkpoints', readdirSync(join(place.log, 'checkpoints'))[0]!);
  expect(holding(place, 'private a').length).toBeGreaterThan(0);
  expect(holding(place, secret).length).toBeGreaterThan(0);

  const forgotten = await json(place, 'forget', '/root/a', '--reason', 'asked for', '--log', place.log);
  // Its answer was mail to the root as well: one content, named twice.
  expect(forgotten).toMatchObject({ of: '/root/a', blobs: 1, outputs: 1, secrets: 1, forgotten: 3 });
  expect((forgotten as { staying: number }).staying).toBeGreaterThan(0);
  expect(holding(place, 'private a')).toEqual([]);
  expect(holding(place, secret)).toEqual([]);
  expect(holding(place, 'private root').length).toBeGreaterThan(0);

  expect((await hashes(place)).slice(0, before.length)).toEqual(before);
  expect((await holdfast(place, 'verify', '--against', checkpoint, '--log', place.log)).code).toBe(0);
  expect((await holdfast(place, 'prove', '12', '--log', place.log)).code).toBe(0);
  const facts = await json<HoldfastEvent[]>(place, 'log', '--type', 'PayloadForgotten', '--log', place.log);
  expect(facts.map(({ by, data }) => [by, (data as { reason: string }).reason])).toEqual(
    Array.from({ length: 3 }, () => ['operator', 'asked for']),
  );
  // Again: nothing new is said, and nothing is left to remove.
  expect(await json(place, 'forget', '/root/a', '--reason', 'again', '--log', place.log)).toMatchObject({
    forgotten: 0,
    before: 3,
  });
});

test('[LO7] what the disk does not let go of is told, and is removed when the same is forgotten again', async () => {
  const place = await lived();
  const log = ['--log', place.log] as const;
  const blobs = join(place.log, 'blobs');
  const kept = readdirSync(blobs).find((name) => readFileSync(join(blobs, name)).includes('private a'))!;
  const inTheWay = join(blobs, `${kept}.forgotten`);
  mkdirSync(inTheWay);
  const told = await trouble(place, 3, 'forget', kept, '--reason', 'asked for', ...log);
  expect(told).toMatchObject({ code: 'HOLDFAST_FORGET_UNFINISHED' });
  expect(told.remedy).toContain('forget the same again');
  expect(holding(place, 'private a')).toEqual([kept]);
  rmdirSync(inTheWay);
  expect(await json(place, 'forget', kept, '--reason', 'asked for', ...log)).toMatchObject({ forgotten: 0, before: 1 });
  expect(holding(place, 'private a')).toEqual([]);
});

test('[LO4] a log with forgotten payloads is exported, imported and salvaged as it is; one that is only missing is damage', async () => {
  const place = await lived();
  await json(place, 'forget', '/root/a', '--reason', 'asked for', '--log', place.log);
  const file = join(place.folder, 'log.jsonl');
  expect((await holdfast(place, 'export', file, '--log', place.log)).code).toBe(0);
  const copies = ['imported', 'salvaged'].map((name) => join(place.folder, name)) as [string, string];
  expect((await holdfast(place, 'import', file, '--log', copies[0])).code).toBe(0);
  expect((await holdfast(place, 'salvage', copies[1], '--log', place.log)).code).toBe(0);
  for (const log of copies) {
    expect((await holdfast(place, 'verify', '--log', log)).code).toBe(0);
    expect((await holdfast(place, 'export', '--log', log)).stdout).toBe(readFileSync(file, 'utf8'));
  }
  // Somebody removes a text and leaves a mark as if it had been forgotten.
  const blobs = join(copies[0], 'blobs');
  const kept = readdirSync(blobs).find((name) => /^[0-9a-f]{64}$/.test(name))!;
  writeFileSync(join(blobs, `${kept}.forgotten`), '');
  expect((await holdfast(place, 'verify', '--log', copies[0])).code).toBe(0);
  rmSync(join(blobs, kept));
  const verdict = await holdfast(place, 'verify', '--log', copies[0], '-o', 'json');
  expect(JSON.parse(verdict.stdout)).toMatchObject({
    ok: false,
    what: expect.stringContaining('no event says that it was forgotten'),
  });
  const lines = readFileSync(file, 'utf8').replace(
    /^\{"blob":"([0-9a-f]{64})","bytes":.*$/m,
    '{"blob":"$1","forgotten":true}',
  );
  writeFileSync(join(place.folder, 'bent.jsonl'), lines);
  const bent = await trouble(place, 1, 'import', join(place.folder, 'bent.jsonl'), '--log', join(place.folder, 'none'));
  expect(bent).toMatchObject({ code: 'HOLDFAST_IMPORT_BAD_LINE', message: expect.stringContaining('no event says') });
});

test('an agent that left nothing outside the events is refused, and what is not forgotten is said', async () => {
  const place = newPlace();
  const log = ['--log', place.log] as const;
  expect((await holdfast(place, 'run', place.fleet, ...log)).code).toBe(0);
  const refused = await trouble(place, 1, 'forget', '/root/one', '--reason', 'asked for', ...log);
  expect(refused).toMatchObject({ code: 'HOLDFAST_NOTHING_TO_FORGET' });
  expect(refused.remedy).toContain('deleted as a whole');
  const said = await holdfast(place, 'forget', '/root/three', '--reason', 'asked for', ...log);
  expect(said.stdout).toMatch(
    /^forgotten of \/root\/three: 1 long texts.*\nnot forgotten: the texts below 64 KiB in \d+ events/,
  );
});

test('single payloads are named by themselves; what cannot be forgotten is said so', async () => {
  const place = await lived();
  const log = ['--log', place.log] as const;
  expect(await json(place, 'forget', 's-1', '--reason', 'withdrawn', ...log)).toMatchObject({
    secrets: 1,
    forgotten: 1,
  });
  expect(await json(place, 'forget', '1000', '--reason', 'printed it', ...log)).toMatchObject({ outputs: 1 });
  expect(existsSync(join(place.log, 'spool', '1000.out'))).toBe(false);
  expect((await trouble(place, 1, 'forget', '/root/a', '--reason', ' ', ...log)).code).toBe('HOLDFAST_NO_REASON');
  expect((await trouble(place, 1, 'forget', '1234', '--reason', 'x', ...log)).code).toBe('HOLDFAST_NOT_FOUND');
  expect((await trouble(place, 1, 'forget', '/root/nobody', '--reason', 'x', ...log)).code).toBe(
    'HOLDFAST_AGENT_NOT_FOUND',
  );
  expect((await holdfast(place, 'why', 'process', '1000', ...log)).code).toBe(0);
});
