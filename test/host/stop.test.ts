import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { hostOfLog } from '../../src/host/client.ts';
import { endOrphan } from '../../src/host/orphans.ts';
import { bootId, runs, statOf } from '../../src/host/procfs.ts';
import { alive, bash, ended, newHost, output, shows, started, until } from './hosts.ts';

/** A shell that ignores TERM, with a child that does, and a grandchild in a session of its own. */
const STUBBORN = `trap "" TERM HUP
(trap "" TERM HUP; while :; do sleep 1000; done) &
setsid bash -c 'trap "" TERM HUP; echo up; while :; do sleep 1000; done' &
while :; do wait; done`;

describe('a stop', () => {
  test.each([false, true])(
    '[PR7] ends a whole family that ignores TERM, those who left the group too (tty: %s)',
    async (tty) => {
      const { host } = await newHost();
      await started(host, bash(1000, STUBBORN, { tty }));
      await shows(host, 1000, 'up');
      expect(alive(host, 1000).length).toBeGreaterThanOrEqual(3);
      expect(await host.stop('s1', 1000, 100)).toMatchObject({ code: null, signal: 'SIGKILL' });
      expect(alive(host, 1000)).toEqual([]);
    },
  );

  test('[PR7] who ends on TERM is not killed, and the end is told once', async () => {
    const { host } = await newHost();
    const exits: number[] = [];
    host.onExit((processId) => exits.push(processId));
    await started(host, bash(1000, 'trap "echo bye; exit 4" TERM; echo ready; while :; do sleep 0.02; done'));
    await shows(host, 1000, 'ready');
    const [first, second] = await Promise.all([host.stop('s1', 1000, 10_000), host.stop('s2', 1000, 10_000)]);
    expect(first).toMatchObject({ code: 4 });
    expect(second).toEqual(first);
    expect(await host.stop('s3', 1000, 10_000)).toEqual(first);
    expect(await output(host, 1000)).toContain('bye');
    await until(() => exits.length > 0);
    expect(exits).toEqual([1000]);
  });

  test('[PR7] survivors of a leader that has ended are ended too', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, '(trap "" HUP; echo up; exec sleep 1000) & wait -n & exit 0'));
    await ended(host, 1000);
    await until(() => alive(host, 1000).length === 1);
    expect(await host.stop('s1', 1000, 2_000)).toMatchObject({ code: 0 });
    expect(alive(host, 1000)).toEqual([]);
  });

  test.each([false, true])('[PR3] covers a start that is still in progress (tty: %s)', async (tty) => {
    const { host } = await newHost();
    for (let processId = 1000; processId < 1020; processId++) {
      const start = host.start(bash(processId, 'exec sleep 1000', { tty }));
      const stop = host.stop(`s${processId}`, processId, 0);
      const [answer, exit] = await Promise.all([start, stop]);
      if ('error' in answer) expect(exit).toBeUndefined();
      else expect(exit).toMatchObject({ code: null });
      expect(alive(host, processId)).toEqual([]);
    }
  });

  test('[PR3] that comes before the start makes it a launch failure', async () => {
    const { host } = await newHost();
    expect(await host.stop('s1', 1000, 0)).toBeUndefined();
    expect(await host.start(bash(1000, 'exec sleep 1000'))).toMatchObject({
      error: 'a stop of this process came before its start',
    });
    expect(alive(host, 1000)).toEqual([]);
  });
});

describe('an orphan', () => {
  test('[PR8] a child of a dead host is ended group-wise, those who left the group too', async () => {
    const { host, log } = await newHost();
    const child = await started(host, bash(1000, STUBBORN));
    await shows(host, 1000, 'up');
    process.kill(hostOfLog(log)!.pid, 'SIGKILL');
    await until(() => hostOfLog(log) === undefined);
    const orphan = { ...child, hostId: host.hostId };
    expect(await endOrphan(orphan, 100)).toEqual({ wasAlive: true });
    expect(alive(host, 1000)).toEqual([]);
    expect(await endOrphan(orphan, 100)).toEqual({ wasAlive: false });
  });

  test('[PR8] is found by its marks when the host died before it could tell the pid', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, 'exec sleep 1000'));
    expect(await endOrphan({ processId: 1000, hostId: 'another host' }, 0)).toEqual({ wasAlive: false });
    expect(await endOrphan({ processId: 1001, hostId: host.hostId }, 0)).toEqual({ wasAlive: false });
    expect(await endOrphan({ processId: 1000, hostId: host.hostId }, 2_000)).toEqual({ wasAlive: true });
    expect(await ended(host, 1000)).toMatchObject({ signal: 'SIGTERM' });
  });

  test('[PR7] nobody is signalled who is not certainly ours', async () => {
    const stranger = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    try {
      const pid = stranger.pid!;
      const { startTime } = statOf(pid)!;
      const claims = [
        { pid, group: pid, startTime: startTime + 1, bootId: bootId() },
        { pid, group: pid, startTime: 0, bootId: bootId() },
        { pid, group: pid, startTime, bootId: 'another boot' },
        { pid, group: pid, bootId: bootId() },
        { processId: 1000, hostId: 'nobody' },
        {},
      ];
      for (const claim of claims) expect(await endOrphan(claim, 0)).toEqual({ wasAlive: false });
      expect(runs(pid, startTime)).toBe(true);
      expect(await endOrphan({ pid, startTime, bootId: bootId() }, 2_000)).toEqual({ wasAlive: true });
    } finally {
      if (stranger.exitCode === null && stranger.signalCode === null) {
        const exit = once(stranger, 'exit');
        stranger.kill('SIGKILL');
        await exit;
      }
    }
  });
});
