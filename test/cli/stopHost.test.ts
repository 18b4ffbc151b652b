import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectHost, hostOfLog, launchHost } from '../../src/host/client.ts';
import { statOf } from '../../src/host/procfs.ts';
import { newId } from '../../src/newId.ts';
import { endless, holdfast, inFull, json, newPlace, type Place, trouble, Watched } from './cli.ts';

/** A host with one process, as a killed engine leaves it. */
async function hosted({ log }: Place, script: string): Promise<{ hostPid: number; pid: number }> {
  const host = await launchHost(log, newId());
  const argv = ['bash', '-c', script];
  const env = { PATH: process.env.PATH ?? '' };
  const answer = await host.start({ requestId: 'turn/call', processId: 1000, argv, cwd: '/tmp', env, tty: false });
  host.disconnect();
  return { hostPid: hostOfLog(log)!.pid, pid: 'pid' in answer ? answer.pid : 0 };
}

const stubborn = 'trap "" TERM; (trap "" TERM; sleep 1000) & while :; do wait; done';

test('[PR1] a host in which a process lives is not stopped, and the refusal names the process', async () => {
  const place = newPlace();
  const { hostPid, pid } = await hosted(place, 'exec sleep 1000');
  const error = await trouble(place, 1, 'stop-host', '--log', place.log);
  expect(error).toMatchObject({ code: 'HOLDFAST_HOST_BUSY', details: { processes: [1000] } });
  expect(error.message).toContain('exec sleep 1000');
  expect(hostOfLog(place.log)?.pid).toBe(hostPid);
  expect(statOf(pid)).toBeDefined();
});

test('[PR1] [PR7] by force its processes end group-wise with it, their ends stay known, and a second time there is nothing to do', async () => {
  const place = newPlace();
  const { hostPid, pid } = await hosted(place, stubborn);
  const stopped = await holdfast(place, 'stop-host', '--force', '--log', place.log);
  expect(stopped).toMatchObject({ code: 0, stdout: `process host ${hostPid} has ended, and process 1000\n` });
  expect([statOf(hostPid), statOf(pid)]).toEqual([undefined, undefined]);
  const end = JSON.parse(readFileSync(join(place.log, 'spool', '1000.end.json'), 'utf8')) as object;
  expect(end).toMatchObject({ exit: { signal: 'SIGKILL' } });
  expect(await connectHost(place.log)).toBeUndefined();
  expect(await json(place, 'stop-host', '--log', place.log)).toEqual({ stopped: false });
});

test('[PR1] a host that hangs is ended by force with all of its children', async () => {
  const place = newPlace();
  const { hostPid, pid } = await hosted(place, stubborn);
  process.kill(hostPid, 'SIGSTOP');
  expect(await json(place, 'stop-host', '--force', '--log', place.log)).toEqual({ stopped: true });
  expect([hostPid, pid].map((who) => statOf(who)?.state ?? 'Z')).toEqual(['Z', 'Z']);
});

const ends = async (place: Place, id: number) =>
  (await json<{ type: string; by: string; data: object }[]>(place, 'log', '--log', place.log))
    .filter(
      ({ type, data }) =>
        /^Process(Stop|Exited|Term|Lost)/.test(type) && (data as { processId: number }).processId === id,
    )
    .map(({ type, by, data }) => ({ type, by, ...data }));

const asked = { type: 'ProcessStopRequested', by: 'operator', reason: 'requested' };

test('[PR3][PR6] beside a fleet that runs its processes are asked for in the log before they are ended', async () => {
  const place = newPlace(endless);
  const run = new Watched(place, 'run', place.fleet, '--log', place.log, '-o', 'jsonl');
  await run.until(inFull);
  const stopped = await holdfast(place, 'stop-host', '--force', '--log', place.log);
  expect([stopped.code, stopped.stdout]).toEqual([
    0,
    expect.stringMatching(/^process host \d+ has ended, and process 1000\n$/),
  ]);
  expect(hostOfLog(place.log)).toBeUndefined();
  expect(await ends(place, 1000)).toMatchObject([asked, { type: 'ProcessTerminated', signal: 'SIGTERM' }]);
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(130);
}, 60_000);

test('[PR3][PR6] of a fleet that was killed they are asked for in the log, too, and its turns stay in progress', async () => {
  const place = newPlace(endless);
  const run = new Watched(place, 'run', place.fleet, '--log', place.log, '-o', 'jsonl');
  await run.until(inFull);
  run.child.kill('SIGKILL');
  await run.exit;
  const stopped = await holdfast(place, 'stop-host', '--force', '--log', place.log);
  expect([stopped.code, stopped.stdout]).toEqual([
    0,
    expect.stringMatching(/^process host \d+ has ended, and process 1000\n$/),
  ]);
  expect(hostOfLog(place.log)).toBeUndefined();
  expect(await ends(place, 1000)).toMatchObject([asked, { type: 'ProcessTerminated', signal: 'SIGTERM' }]);
  expect(await json<object[]>(place, 'show', 'turns', '--log', place.log)).toHaveLength(2);
}, 60_000);
