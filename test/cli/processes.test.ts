/** Processes that outlive their fleet, as an operator handles them: of a fleet that runs, and of one at rest. */
import { expect, test } from 'vitest';
import { statOf } from '../../src/host/procfs.ts';
import { holdfast, json, newPlace, type Place, trouble, Watched } from './cli.ts';

/** Two agents with a server each; the fleet comes to rest, or with `hang` it does not. */
const serving = (hang: boolean) => ({
  models: { script: { kind: 'script' } },
  roots: [{ prompt: 'Go', model: 'script' }],
  scripts: {
    '/root': [
      [
        { call: 'spawn_agent', id: 's', args: { task_name: 'a', message: 'serve' } },
        { call: 'exec_command', id: 'r', args: { cmd: 'exec sleep 1000', login: false, yield_time_ms: 250 } },
        { call: 'wait_agent', id: 'w', args: {} },
      ],
      ...(hang ? [{ hang: true }] : [[{ say: 'Both serve.' }]]),
    ],
    '/root/a': [
      [{ call: 'exec_command', id: 'x', args: { cmd: 'exec sleep 1000', login: false, yield_time_ms: 250 } }],
      [{ say: 'It serves.' }],
    ],
  },
});

interface Row {
  readonly processId: number;
  readonly pid: number;
  readonly path: string;
  readonly place: string;
}

const ps = (place: Place, ...words: readonly string[]): Promise<Row[]> =>
  json(place, 'ps', ...words, '--log', place.log);

test('[PR1][PR7] what a fleet leaves is listed as detached, and ended one by one or all at once while nobody runs it', async () => {
  const place = newPlace(serving(false));
  const at = ['--log', place.log] as const;
  const run = await holdfast(place, 'run', place.fleet, ...at);
  expect(run.code).toBe(0);
  expect(run.stderr).toMatch(/process 100\d of \/root(\/a)? goes on without the fleet: exec sleep 1000/);
  expect(run.stdout).toMatch(/still running: 1000, 1001[\s\S]*clean --all/);
  const left = await ps(place, '--detached');
  expect(left.map(({ processId, place: where }) => [processId, where])).toEqual([
    [1000, 'detached'],
    [1001, 'detached'],
  ]);
  expect((await trouble(place, 1, 'stop', '77', ...at)).code).toBe('HOLDFAST_PROCESS_NOT_FOUND');
  expect((await trouble(place, 2, 'stop', 'x', ...at)).code).toBe('HOLDFAST_USAGE');
  expect((await trouble(place, 2, 'clean', ...at)).code).toBe('HOLDFAST_USAGE');
  expect((await trouble(place, 1, 'detach', '/root', ...at)).code).toBe('HOLDFAST_NOT_RUNNING');
  expect((await json<object[]>(place, 'show', 'turns', ...at)).length).toBe(0);

  expect(await json(place, 'stop', '1000', ...at)).toMatchObject({ stopping: true, remaining: [] });
  expect(await json(place, 'stop', '1000', ...at)).toMatchObject({ stopping: false });
  expect((await holdfast(place, 'clean', '--all', ...at)).stdout).toBe('ended 1001\n');
  expect(left.map(({ pid }) => statOf(pid)?.state ?? 'Z')).toEqual(['Z', 'Z']);
  expect(await ps(place)).toEqual([]);
  expect(await json(place, 'clean', '--all', ...at)).toEqual({ cleaned: [], remaining: [] });
  expect(await json(place, 'clean', '/nobody', ...at)).toMatchObject({ cleaned: [] });
}, 60_000);

test('[PR5] of a fleet that runs they are detached, reattached and cleaned through its socket', async () => {
  const place = newPlace(serving(true));
  const at = ['--log', place.log] as const;
  const run = new Watched(place, 'run', place.fleet, ...at, '-o', 'jsonl');
  await run.until(({ stdout }) => /"callId":"w".*"outcome":"ok"/.test(stdout));
  const of = async (path: string) => (await ps(place)).find((row) => row.path === path)!.processId;
  const [mine, root] = [await of('/root/a'), await of('/root')];

  expect(await json(place, 'detach', '/root/a', ...at)).toEqual({ path: '/root/a', detached: [mine] });
  expect(await json(place, 'detach', '/root/nobody', ...at)).toEqual({ path: '/root/nobody', detached: [] });
  expect((await ps(place, '--detached')).map((row) => row.processId)).toEqual([mine]);
  const reattached = await holdfast(place, 'reattach', '/root/a', String(mine), String(root), ...at);
  expect(reattached.stdout).toBe(`reattached to /root/a: ${mine}; ${root} is held by /root\n`);
  await json(place, 'detach', '/root/a', ...at);
  expect(await json(place, 'clean', '/root/a', ...at)).toMatchObject({ cleaned: [mine], remaining: [] });
  expect(await json(place, 'stop', String(root), ...at)).toMatchObject({
    path: '/root',
    stopping: true,
    remaining: [],
  });
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(130);
}, 60_000);

test('[PR1] --end-processes ends them with the fleet', async () => {
  const place = newPlace(serving(false));
  const run = await holdfast(place, 'run', place.fleet, '--end-processes', '--log', place.log);
  expect(run.stderr).toContain('is being ended: exec sleep 1000');
  expect(await ps(place)).toEqual([]);
}, 60_000);
