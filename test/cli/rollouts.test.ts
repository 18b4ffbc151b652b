import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { holdfast, json, newPlace, type Place, program, quick, trouble } from './cli.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/rollouts/${name}`, import.meta.url));

/** A log that the team of Codex's first generation has become. */
async function team(): Promise<{ place: Place; log: readonly string[]; events: number }> {
  const place = newPlace();
  const log = ['--log', place.log];
  const report = await json<{ added: number; events: number }>(
    place,
    'import',
    '--from',
    'codex',
    fixture('codex-v1-team'),
    ...log,
  );
  expect(report.added).toBe(report.events);
  return { place, log, events: report.events };
}

test('an imported log is looked at like one of our own, and importing again adds nothing', async () => {
  const { place, log, events } = await team();
  const again = await holdfast(place, 'import', '--from', 'codex', fixture('codex-v1-team'), ...log);
  expect(again.stdout).toContain(`added 0 events to ${place.log}, which holds ${events}`);
  expect((await holdfast(place, 'show', ...log)).stdout).toMatch(/^\/root\/fern +closed/m);
  expect((await holdfast(place, 'show', 'slots', '--at', '60', ...log)).stdout).toContain('/root/fern');
  expect((await holdfast(place, 'log', '--type', 'SlotReserved', ...log)).stdout).toContain('(computed)');
  const why = await holdfast(place, 'why', 'refusal', 'last', ...log);
  expect(why.stdout).toContain('activeTurns is 6, taken by /root/fern');
});

test('an imported log is rehearsed under other policies, and refused by what would go on with it', async () => {
  const { place, log } = await team();
  const rehearsed = await json(place, 'replay', '--policy', 'codex-v2(max=4)', ...log);
  expect(rehearsed).toMatchObject({ recorded: { refusals: 1 }, rehearsed: { refusals: 0 }, admitted: 1 });
  const steps = await holdfast(place, 'replay', '--policy', 'codex-v1', '--steps', ...log);
  expect(steps.stdout).toContain('09:01:30.001  refused    (nobody)    6');
  const refused = await trouble(place, 1, 'resume', ...log);
  expect(refused).toMatchObject({ code: 'HOLDFAST_LOG_IMPORTED', details: { origin: 'codex' } });
});

test('an imported log is sound, and is carried away and back like one of our own', async () => {
  const { place, log, events } = await team();
  expect(await json(place, 'verify', ...log)).toMatchObject({ ok: true, events });
  const copy = join(place.folder, 'copy');
  const file = join(place.folder, 'team.jsonl');
  await holdfast(place, 'export', file, ...log);
  expect((await holdfast(place, 'import', file, '--log', copy)).stdout).toContain('look at it with');
  expect(await json(place, 'diff', place.log, copy)).toMatchObject({ same: true });
});

test('`import -` reads an export from stdin, and leaves nothing behind when it is none', async () => {
  const place = newPlace(quick);
  await holdfast(place, 'run', place.fleet, '--log', place.log);
  const exported = await holdfast(place, 'export', '--log', place.log);
  const given = (text: string, log: string) =>
    new Promise<number | null>((resolve) => {
      const child = spawn(process.execPath, [program, 'import', '-', '--log', log], {
        cwd: place.folder,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      child.once('close', resolve);
      child.stdin.end(text);
    });
  const copy = join(place.folder, 'copy');
  expect(await given(exported.stdout, copy)).toBe(0);
  expect(await json(place, 'diff', place.log, copy)).toMatchObject({ same: true });
  const bad = join(place.folder, 'bad');
  expect(await given(exported.stdout.slice(0, -20), bad)).toBe(1);
  expect(existsSync(bad)).toBe(false);
});

test('what is no rollout, and a policy that is none, are refused before anything is made', async () => {
  const place = newPlace();
  const log = join(place.folder, 'none');
  const words = (path: string, ...more: readonly string[]) => [
    'import',
    '--from',
    'codex',
    path,
    '--log',
    log,
    ...more,
  ];
  expect((await trouble(place, 1, ...words(place.fleet))).code).toBe('HOLDFAST_IMPORT_NOT_A_ROLLOUT');
  expect((await trouble(place, 3, ...words(join(place.folder, 'missing')))).code).toBe('HOLDFAST_IMPORT_NO_FILE');
  expect((await trouble(place, 2, ...words('-'))).code).toBe('HOLDFAST_USAGE');
  expect((await trouble(place, 2, ...words(fixture('codex-v1-team'), '--policy', 'slots=3'))).code).toBe(
    'HOLDFAST_USAGE',
  );
  expect((await trouble(place, 2, 'import', place.fleet, '--policy', 'codex-v1')).code).toBe('HOLDFAST_USAGE');
  expect(existsSync(log)).toBe(false);
});
