import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connectHost, hostOfLog, launchHost } from '../../src/host/client.ts';
import { runs } from '../../src/host/procfs.ts';
import { readSpool, spoolFolder } from '../../src/host/spoolReader.ts';
import { alive, bash, ended, newHost, newLog, nextHostId, output, reconnect, shows, started, until } from './hosts.ts';

const client = new URL('../../dist/src/host/client.js', import.meta.url).pathname;

describe('a host', () => {
  test('[PR1] survives the kill -9 of its engine; the next one finds processes, output and ends', async () => {
    const log = newLog();
    const hostId = nextHostId();
    const flag = join(log, 'flag');
    const requests = [
      bash(1000, `echo one; until [ -e ${flag} ]; do sleep 0.02; done; echo two; exit 6`),
      bash(1001, 'exec cat', { tty: true }),
    ];
    const script = `
      const { launchHost } = await import(${JSON.stringify(client)});
      const host = await launchHost(${JSON.stringify(log)}, ${JSON.stringify(hostId)});
      for (const request of ${JSON.stringify(requests)}) await host.start(request);
      console.log('started');`;
    const engine = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(engine.stdout, 'data');
    const gone = once(engine, 'exit');
    process.kill(engine.pid!, 'SIGKILL');
    await gone;
    writeFileSync(flag, '');

    const host = await reconnect(log);
    expect(host.hostId).toBe(hostId);
    expect(await ended(host, 1000)).toMatchObject({ code: 6 });
    expect(await output(host, 1000)).toBe('one\ntwo\n');
    expect(await host.write('w1', 1001, Buffer.from('still here\n'))).toBe('written');
    await shows(host, 1001, 'still here\r\nstill here');
    const listed = await host.list();
    expect(listed).toMatchObject([
      { processId: 1000, requestId: 'turn/call-1000', exit: { code: 6 }, size: 8, tty: false },
      { processId: 1001, requestId: 'turn/call-1001', tty: true, lost: false },
    ]);
    expect(listed[1]?.exit).toBeUndefined();
    expect(await host.find('turn/call-1001')).toEqual(listed[1]);
    expect(await host.find('turn/call-1002')).toBeUndefined();
  });

  test('[PR1] keeps an end until it is acknowledged; spool and end stay on disk', async () => {
    const { host, log } = await newHost();
    await started(host, bash(1000, 'echo kept; exit 2'));
    const exit = await ended(host, 1000);
    host.disconnect();
    const again = await reconnect(log);
    expect(await again.list()).toMatchObject([{ processId: 1000, exit }]);
    await again.acknowledge(1000);
    expect(await again.list()).toEqual([]);
    expect((await again.wait(1000, 1_000))?.exit).toEqual(exit);
    expect(readSpool(log, 1000, 0, 100)).toMatchObject({ size: 5, exit, bytes: Buffer.from('kept\n') });
    expect(readSpool(log, 1001, 0, 100)).toBeUndefined();
  });

  test('[PR1] goes on when the disk is full, where it can neither keep output nor say so in its own log', async () => {
    const log = newLog();
    symlinkSync('/dev/full', join(log, 'host.log'));
    const { host } = await newHost(log);
    for (const name of ['1000.out', '1000.5.out', '1000.10.out'])
      symlinkSync('/dev/full', join(spoolFolder(log), name));
    await started(host, bash(1000, 'for i in 1 2 3; do echo lost; sleep 0.05; done; exit 7'));
    expect(await ended(host, 1000)).toMatchObject({ code: 7, outputBytes: 15 });
    expect(await host.read(1000, 0, 100)).toMatchObject({ size: 15, omitted: 10 });
  });

  test('[PR1] a live child is not forgotten by an acknowledgement', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, 'exec sleep 1000'));
    await host.acknowledge(1000);
    expect(await host.list()).toHaveLength(1);
    expect(await host.endIfEmpty()).toBe(false);
  });

  test('[PR1] ends when it is asked to and has no live child, and leaves nothing to connect to', async () => {
    const { host, log } = await newHost();
    const { pid, startTime } = hostOfLog(log)!;
    let lost = 0;
    host.onLost(() => lost++);
    await started(host, bash(1000, 'true'));
    await ended(host, 1000);
    expect(await host.endIfEmpty()).toBe(true);
    await until(() => lost === 1 && !runs(pid, startTime));
    expect(existsSync(join(log, 'host.json')) || existsSync(join(log, 'host.sock'))).toBe(false);
    expect(await connectHost(log)).toBeUndefined();
    await expect(host.list()).rejects.toMatchObject({ code: 'HOLDFAST_HOST_LOST', retryable: true });
  });

  test('[PR1] ends by itself when no engine comes back and no child lives', async () => {
    const { host, log } = await newHost(undefined, { HOLDFAST_HOST_LINGER_MS: '1000' });
    const { pid, startTime } = hostOfLog(log)!;
    const child = await started(host, bash(1000, 'exec sleep 1000'));
    host.disconnect();
    const again = await reconnect(log);
    again.disconnect();
    process.kill(child.pid, 'SIGKILL');
    await until(() => !runs(pid, startTime));
    expect(readSpool(log, 1000, 0, 1)?.exit).toMatchObject({ signal: 'SIGKILL' });
  });

  test('[PR1] hang-up and ^C do not end it; TERM ends it with its children', async () => {
    const { host, log } = await newHost();
    const { pid, startTime } = hostOfLog(log)!;
    await started(host, bash(1000, 'exec sleep 1000'));
    process.kill(pid, 'SIGHUP');
    process.kill(pid, 'SIGINT');
    expect(await host.list()).toHaveLength(1);
    process.kill(pid, 'SIGTERM');
    await until(() => !runs(pid, startTime));
    expect(alive(host, 1000)).toEqual([]);
    expect(readSpool(log, 1000, 0, 1)?.exit).toMatchObject({ signal: 'SIGTERM' });
  });

  test('[PR8] a second host of a log is refused while the first lives', async () => {
    const { host, log } = await newHost();
    await expect(launchHost(log, nextHostId())).rejects.toMatchObject({ code: 'HOLDFAST_HOST_FAILED' });
    expect((await reconnect(log)).hostId).toBe(host.hostId);
  });

  test('[PR8] after a dead host the next one knows real ends, first answers, and what is lost', async () => {
    const { host, log } = await newHost();
    const first = await started(host, bash(1000, 'echo done; exit 3'));
    await ended(host, 1000);
    const second = await started(host, bash(1001, 'echo part; exec sleep 1000'));
    await shows(host, 1001, 'part');
    const failure = await host.start(bash(1002, '', { cwd: '/no/such' }));
    process.kill(hostOfLog(log)!.pid, 'SIGKILL');
    await until(() => hostOfLog(log) === undefined);
    expect(await connectHost(log)).toBeUndefined();

    const next = await newHost(log);
    expect(await next.host.list()).toMatchObject([
      { processId: 1000, exit: { code: 3 }, size: 5, lost: false },
      { processId: 1001, started: second, lost: true },
      { processId: 1002, launchFailed: 'ENOENT: no such folder: /no/such' },
    ]);
    expect(await next.host.start(bash(1000, 'echo done; exit 3'))).toEqual(first);
    expect(await next.host.start(bash(1001, 'true'))).toEqual(second);
    expect(await next.host.start(bash(1002, 'true'))).toEqual(failure);
    expect(await output(next.host, 1000)).toBe('done\n');
    expect(await output(next.host, 1001)).toBe('part\n');
    expect(await next.host.wait(1001, 10_000)).toBeUndefined();
    expect(await next.host.write('w', 1001, Buffer.from('x'))).toBe('unknown');
    expect(await next.host.stop('s', 1001, 2_000)).toBeUndefined();
    expect(alive(host, 1001)).toEqual([]);
    for (const processId of [1000, 1001, 1002]) await next.host.acknowledge(processId);
    expect(await next.host.list()).toEqual([]);
  });

  test('[PR8] a list that is longer than a frame comes whole, in order, and a command that could not be listed is refused', async () => {
    const { host } = await newHost();
    const argv = ['x'.repeat(1_500_000)];
    const ids = [1003, 1000, 1002, 1001, 1004, 1005];
    for (const id of ids) expect(await host.start({ ...bash(id, ''), argv })).toHaveProperty('error');
    const listed = await host.list();
    expect(listed.map(({ processId }) => processId)).toEqual([...ids].sort());
    expect(listed.every(({ command }) => command[0]?.length === 1_500_000)).toBe(true);
    const long = host.start({ ...bash(1007, ''), argv: ['x'.repeat(3_000_000)] });
    await expect(long).rejects.toMatchObject({ code: 'HOLDFAST_HOST_REQUEST_INVALID' });
    expect(await host.list()).toHaveLength(ids.length);
  });

  test('[PR1] a host that cannot start says where its log is', async () => {
    const log = newLog();
    writeFileSync(join(log, 'spool'), 'not a folder');
    await expect(launchHost(log, nextHostId())).rejects.toMatchObject({
      code: 'HOLDFAST_HOST_FAILED',
      remedy: `see ${join(log, 'host.log')}`,
    });
  });
});
