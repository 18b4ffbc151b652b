import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Children } from '../../src/host/children.ts';
import { connectHost } from '../../src/host/client.ts';
import { allPids, commandOf, isDead, statOf } from '../../src/host/procfs.ts';
import { makeSpool, startOf } from '../../src/host/records.ts';
import { bash, newLog, nextHostId } from './hosts.ts';

const client = new URL('../../dist/src/host/client.js', import.meta.url).pathname;

const hostsOf = (log: string): number[] =>
  allPids().filter((pid) => {
    const stat = statOf(pid);
    return stat !== undefined && !isDead(stat) && commandOf(pid)[2] === log;
  });

describe('a host that is being launched', () => {
  test('[PR8] is met by the next engine when its own is killed before it listens', async () => {
    const log = newLog();
    const hostId = nextHostId();
    const script = `
      const { launchHost } = await import(${JSON.stringify(client)});
      launchHost(${JSON.stringify(log)}, ${JSON.stringify(hostId)});
      process.kill(process.pid, 'SIGKILL');`;
    const engine = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    const [, signal] = await once(engine, 'exit');
    expect(signal).toBe('SIGKILL');

    const host = await connectHost(log);
    expect(host?.hostId).toBe(hostId);
    expect(hostsOf(log)).toHaveLength(1);
    host?.disconnect();
  });
});

describe('a start', () => {
  test('[TU6] is on record before it is tried, so that without a record nothing was started', async () => {
    const log = newLog();
    makeSpool(log);
    const nobody = { onExit: () => {} };
    const options = { logDir: log, spoolBytesMax: 1024, ...nobody };
    const children = new Children({ ...options, hostId: nextHostId() });
    const request = bash(1000, 'exit 3');
    const answer = children.start(request);
    expect(startOf(log, 1000)).toMatchObject({ requestId: request.requestId, processId: 1000 });
    expect(startOf(log, 1000)?.started).toBeUndefined();

    // What the next host would know if this one died here.
    const next = new Children({ ...options, hostId: nextHostId() });
    expect(next.list()).toMatchObject([{ processId: 1000, lost: true }]);
    expect(next.busy).toBe(false);

    expect(await answer).toMatchObject({ processId: 1000 });
    expect(await children.wait(1000, 30_000, new AbortController().signal)).toMatchObject({ exit: { code: 3 } });
  });
});
