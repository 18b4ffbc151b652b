import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Fuzzed, FuzzFailure } from '../../src/simulate/fuzz.ts';
import { outcomeOf } from '../../src/simulate/fuzz.ts';
import type { History } from '../../src/simulate/history.ts';
import { holdfast, json, newPlace, trouble, Watched } from './cli.ts';

/** `holdfast fuzz` as a person or a script uses it. */
type Said = Fuzzed & FuzzFailure & { readonly replay: string };

describe('nothing is found', () => {
  test('it says what it did and what it reached, and ends with 0', async () => {
    const place = newPlace();
    const said = await json<Said>(place, 'fuzz', '--runs', '40', '--seed', '1');
    expect(said).toMatchObject({ runs: 40, coverage: { events: { TurnStarted: expect.any(Number) } } });
    expect(said.events).toBeGreaterThan(1_000);
    expect(said.perSecond).toBeGreaterThan(0);
    expect(said.crashes).toBeGreaterThan(0);
    expect(said.faults).toBeGreaterThan(0);
    expect(said.coverage.promises).toEqual(expect.arrayContaining(['I1', 'I3', 'I7', 'SL9', 'LO1', 'MA7']));
    expect(said.coverage.statuses).toMatchObject({ completed: expect.any(Number), interrupted: expect.any(Number) });
    expect(said).not.toHaveProperty('violated');
    expect(readdirSync(place.folder)).toEqual(['fleet.json']);
  });

  test('--seconds ends it in time', async () => {
    const said = await json<Said>(newPlace(), 'fuzz', '--seconds', '1');
    expect(said.runs).toBeGreaterThan(0);
  });
});

describe('a promise is broken', () => {
  test('[LO1] a history that keeps its thread for ever is ended from outside, and its seed is named', async () => {
    const words = ['--plant', 'waits-for-itself', '--seed', '7', '--runs', '3', '--patience', '3'];
    const place = newPlace();
    const said = await holdfast(place, 'fuzz', ...words, '--save', join(place.folder, 'found'), '-o', 'json');
    expect(said.code).toBe(1);
    const found = JSON.parse(said.stdout) as Said;
    expect(found).toMatchObject({ run: 1, seed: 7, violated: 'LIVE', endless: true, history: { seed: 7 } });
    expect(readdirSync(join(place.folder, 'found'))).toEqual(['history-7.json']);
  });

  test('[R6] it names the promise and the seed, shows a short history, and ends with 1', async () => {
    const said = await holdfast(newPlace(), 'fuzz', '--plant', 'R6', '--seed', '5');
    expect(said.code).toBe(1);
    expect(said.stdout).toMatch(/history \d+ \(seed \d+\) breaks I3:\n\[I3\] at event \d+: /);
    expect(said.stdout).toMatch(/ +1\. .+/);
    expect(said.stdout).toMatch(/fuzz --runs 1 --seed \d+ --plant R6\n$/);
  });

  test('[R20] the command it prints finds exactly the same again', async () => {
    const place = newPlace();
    const first = await holdfast(place, 'fuzz', '--plant', 'R20', '--seed', '1', '-o', 'json');
    expect(first.code).toBe(1);
    const found = JSON.parse(first.stdout) as Said;
    const words = found.replay.slice(found.replay.indexOf(' fuzz ') + 1).split(' ');
    const again = await holdfast(place, ...words, '-o', 'json');
    expect(again.code).toBe(1);
    const { seed, violated, message, history } = JSON.parse(again.stdout) as Said;
    expect({ seed, violated, message, history }).toEqual({
      seed: found.seed,
      violated: found.violated,
      message: found.message,
      history: found.history,
    });
    expect(JSON.parse(again.stdout)).toMatchObject({ runs: 1, run: 1 });
  });

  test('[R21] --save writes the history, which breaks the promise again, and its log, which every verb can open', async () => {
    const place = newPlace();
    const { code, stdout } = await holdfast(
      place,
      'fuzz',
      '--plant',
      'R21',
      '--seed',
      '1',
      '--save',
      'found',
      '-o',
      'json',
    );
    expect(code).toBe(1);
    const { seed, violated } = JSON.parse(stdout) as Said;
    const text = readFileSync(join(place.folder, `found/history-${seed}.json`), 'utf8');
    const { history } = JSON.parse(text) as { history: History };
    expect((await outcomeOf(history)).broken?.violated).toBe(violated);
    const log = join(place.folder, `found/log-${seed}.jsonl`);
    expect((await holdfast(place, 'import', log, '--log', place.log)).code).toBe(0);
    expect((await holdfast(place, 'verify', '--log', place.log)).code).toBe(0);
    expect(await json<unknown[]>(place, 'log', '--log', place.log)).not.toEqual([]);
  });
});

test('an unknown plant is a usage error that names the known ones, and nothing is written', async () => {
  const place = newPlace();
  const error = await trouble(place, 2, 'fuzz', '--plant', 'R99', '--save', 'found');
  expect(error.code).toBe('HOLDFAST_USAGE');
  expect(error.remedy).toMatch(/lost-release-on-abort, .*R1, R2, R3, /);
  expect(existsSync(join(place.folder, 'found'))).toBe(false);
});

test('Ctrl-C stops it in order with what was found so far, and exit 130', async () => {
  const fuzz = new Watched(newPlace(), 'fuzz', '--runs', '1000000', '--seed', '1');
  await fuzz.until(({ stderr }) => stderr.startsWith('from seed 1;'));
  fuzz.child.kill('SIGINT');
  expect(await fuzz.exit).toBe(130);
  expect(fuzz.stdout).toMatch(/^\d+ histories .*\n(?:.+\n)+stopped; no promise was broken so far\n$/);
});
