import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { statOf } from '../../src/host/procfs.ts';
import { alive, bash, ended, newHost, output, reconnect, started } from './hosts.ts';

describe('a start', () => {
  test('[PR1] a pipe process leads its own group and session, and its exit code is kept', async () => {
    const { host } = await newHost();
    const child = await started(host, bash(1000, 'read line; echo "in: $line $?"; exit 17'));
    expect(child).toMatchObject({ processId: 1000, group: child.pid });
    const exit = await ended(host, 1000);
    expect(exit).toMatchObject({ code: 17, signal: null });
    expect(await output(host, 1000)).toBe('in:  1\n');
  });

  test('[PR1] the start time and boot id name the very process', async () => {
    const { host } = await newHost();
    const child = await started(host, bash(1000, 'exec sleep 1000'));
    const stat = statOf(child.pid);
    expect(stat).toMatchObject({ startTime: child.startTime, group: child.pid, session: child.pid });
    expect(child.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  });

  test.each([false, true])('[PR6] a signal is told by name (tty: %s)', async (tty) => {
    const { host } = await newHost();
    await started(host, bash(1000, 'kill -9 $$', { tty }));
    expect(await ended(host, 1000)).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('[PR9] the environment is what was asked for and the mark of the process', async () => {
    const { host } = await newHost();
    const env = { ONE: '1', PATH: process.env.PATH ?? '' };
    await started(host, { ...bash(1000, ''), argv: ['env'], env });
    await ended(host, 1000);
    expect((await output(host, 1000)).trim().split('\n').sort()).toEqual([
      `HOLDFAST_HOST_ID=${host.hostId}`,
      'HOLDFAST_PROCESS_ID=1000',
      'ONE=1',
      `PATH=${env.PATH}`,
    ]);
  });

  test('[PR3] the same request id starts one process, also while the first is in progress', async () => {
    const { host } = await newHost();
    const request = bash(1000, 'exec sleep 1000');
    const [first, second] = await Promise.all([host.start(request), host.start(request)]);
    expect(second).toEqual(first);
    expect(await host.start(request)).toEqual(first);
    expect(alive(host, 1000)).toHaveLength(1);
  });

  test('[PR11] a start that is asked for again over another connection gets the first answer', async () => {
    const { host, log } = await newHost();
    const first = await host.start(bash(1000, 'echo once'));
    await ended(host, 1000);
    host.disconnect();
    const again = await reconnect(log);
    expect(await again.start(bash(1000, 'echo once'))).toEqual(first);
    expect(await output(again, 1000)).toBe('once\n');
    await again.acknowledge(1000);
    expect(await again.start(bash(1000, 'echo once'))).toEqual(first);
    expect(await output(again, 1000)).toBe('once\n');
  });

  test('[PR4] a process id is never used again', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, 'true'));
    const other = { ...bash(1000, 'true'), requestId: 'another' };
    expect(await host.start(other)).toMatchObject({ error: 'process id 1000 has been used' });
    await ended(host, 1000);
    await host.acknowledge(1000);
    expect(await host.start(other)).toMatchObject({ error: 'process id 1000 has been used' });
  });

  test.each([
    ['a missing program', { argv: ['no-such-program'] }, 'ENOENT: program not found: no-such-program'],
    ['a missing folder', { cwd: '/no/such/folder' }, 'ENOENT: no such folder: /no/such/folder'],
    ['a file as folder', { cwd: '/etc/passwd' }, 'ENOTDIR: not a folder: /etc/passwd'],
    ['what is not executable', { argv: ['/etc/passwd'] }, 'EACCES: not executable: /etc/passwd'],
    ['no program', { argv: [] }, 'argv must not be empty'],
    ['a NUL byte', { argv: ['echo', 'a\0b'] }, 'arguments, folder and environment must not hold NUL bytes'],
  ])('[PR3] %s is a launch failure with its reason', async (_, wrong, error) => {
    const { host } = await newHost();
    for (const tty of [false, true]) {
      const processId = tty ? 1001 : 1000;
      const request = { ...bash(processId, 'true', { tty }), ...wrong };
      expect(await host.start(request)).toEqual({ processId, requestId: request.requestId, error });
      expect(await host.find(request.requestId)).toMatchObject({ launchFailed: error });
      expect(await host.wait(processId, 1_000)).toBeUndefined();
    }
  });

  test('[PR11] spool and records are readable by the owner only', async () => {
    const { host, log } = await newHost();
    await started(host, bash(1000, 'echo; umask'));
    await ended(host, 1000);
    const mode = (name: string) => (statSync(join(log, name)).mode & 0o777).toString(8);
    expect(mode('host.json')).toBe('600');
    expect(mode('host.sock')).toBe('600');
    expect(mode('host.log')).toBe('600');
    expect(mode('spool')).toBe('700');
    for (const name of ['1000.out', '1000.start.json', '1000.end.json']) expect(mode(`spool/${name}`)).toBe('600');
    const umask = process.umask().toString(8).padStart(4, '0');
    expect(await output(host, 1000)).toBe(`\n${umask}\n`);
  });
});
