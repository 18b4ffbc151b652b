import { expect, test } from 'vitest';
import { endless, holdfast, inFull, json, newPlace, trouble, Watched } from './cli.ts';

/** How a run ends that has not come to rest. */

test('Ctrl-C stops in order with exit 130 and names resume, which goes on with the turns in progress', async () => {
  const place = newPlace(endless);
  const run = new Watched(place, 'run', place.fleet, '--log', place.log, '-o', 'jsonl');
  await run.until(inFull);
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(130);
  expect(run.stderr).toMatch(/stopping in order; Ctrl-C again stops at once/);
  expect(run.stderr).toMatch(/turns in progress stay in progress: .*resume --log/);
  const stopped = await holdfast(
    place,
    'log',
    '--type',
    'ProcessDetached,ProcessTerminated,EngineStopped',
    '--log',
    place.log,
    '-o',
    'jsonl',
  );
  expect(stopped.stdout.match(/"type":"\w+"/g)).toEqual(['"type":"ProcessDetached"', '"type":"EngineStopped"']);
  expect(await json<unknown[]>(place, 'show', 'turns', '--log', place.log)).toHaveLength(2);

  const resumed = new Watched(place, 'resume', '--end-processes', '--log', place.log, '-o', 'jsonl');
  await resumed.until(({ stdout }) => (stdout.match(/"type":"TurnResumed"/g) ?? []).length === 2);
  await json(place, 'interrupt', '/root', '--cascade', '--log', place.log);
  expect(await resumed.exit).toBe(0);
  expect(await json(place, 'resume', '--log', place.log)).toMatchObject({ lives: 2, interrupted: 2, unfinished: 0 });
});

test('a second Ctrl-C stops at once: nothing that was acknowledged is lost', async () => {
  const place = newPlace({
    ...endless,
    // A command that ignores TERM: stopping in order waits for it.
    scripts: {
      '/root': [
        [
          {
            call: 'exec_command',
            id: 'sleep',
            args: { cmd: "trap '' TERM; echo up; sleep 1000 & wait", yield_time_ms: 250 },
          },
        ],
        { hang: true },
      ],
    },
  });
  const run = new Watched(place, 'run', place.fleet, '--end-processes', '--log', place.log, '-o', 'jsonl');
  await run.until(inFull);
  run.child.kill('SIGINT');
  await run.until(({ stderr }) => stderr.includes('stopping in order'));
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(130);
  expect(run.stderr).toMatch(/stopped at once; turns in progress stay in progress: .*resume/);
  const log = await holdfast(place, 'log', '--log', place.log, '-o', 'jsonl');
  expect(log.stdout.startsWith(run.stdout)).toBe(true);
  expect(await json(place, 'verify', '--log', place.log)).toMatchObject({ ok: true });
});

test('a finished log is resumed at once with its summary, and stays as it was', async () => {
  const place = newPlace();
  const first = await json<object>(place, 'run', place.fleet, '--log', place.log);
  expect(await json(place, 'resume', '--log', place.log)).toEqual(first);
  expect((await holdfast(place, 'resume', '--log', place.log)).stdout).toContain('look further:');
  expect((await trouble(place, 1, 'run', place.fleet, '--log', place.log)).code).toBe('HOLDFAST_LOG_IN_USE');
});

test('`| head` ends a reader quietly, and a run in order', async () => {
  const place = newPlace();
  await holdfast(place, 'run', place.fleet, '--log', place.log);
  const log = new Watched(place, 'replay', '--every', '1', '--log', place.log);
  log.child.stdout?.destroy();
  expect([await log.exit, log.stderr]).toEqual([0, '']);

  const other = newPlace(endless);
  const run = new Watched(other, 'run', other.fleet, '--log', other.log);
  await run.until(({ stdout }) => stdout.includes('EngineStarted'));
  run.child.stdout?.destroy();
  expect(await run.exit).toBe(130);
  const stopped = await holdfast(other, 'log', '--type', 'EngineStopped', '--log', other.log);
  expect(stopped.stdout).toContain('nobody reads the output');
});
