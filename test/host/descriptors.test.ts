import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFleet } from '../../src/fleet.ts';
import { hostOfLog } from '../../src/host/client.ts';
import { bash, ended, newHost, newLog, started, until } from './hosts.ts';

/** What a process has open, by number. */
function open(pid: number): Record<string, string> {
  const folder = `/proc/${pid}/fd`;
  const link = (fd: string): [string, string][] => {
    try {
      return [[fd, readlinkSync(join(folder, fd))]];
    } catch {
      return []; // Closed meanwhile: in our own case by the listing itself.
    }
  };
  return Object.fromEntries(readdirSync(folder).flatMap(link));
}

describe('what a child has open', () => {
  test('[PR9] its input, its output and its terminal, beside others of either kind', async () => {
    const { host } = await newHost();
    const children = [];
    // Ends among them leave gaps in the numbers of the host.
    for (let id = 1000; id < 1040; id += 1) {
      const brief = id % 5 === 2;
      children.push({
        brief,
        tty: id % 2 === 0,
        id,
        ...(await started(host, bash(id, brief ? 'true' : 'exec sleep 1000', { tty: id % 2 === 0 }))),
      });
      if (brief) await ended(host, id);
    }
    for (const { brief, tty, pid, id } of children) {
      if (brief) continue;
      await until(() => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
      const has = open(pid);
      expect(Object.keys(has), `process ${id}: ${JSON.stringify(has)}`).toEqual(['0', '1', '2']);
      if (tty) expect(has).toEqual({ 0: has[0], 1: has[0], 2: has[0] });
      else expect(has).toEqual({ 0: '/dev/null', 1: has[1], 2: has[1] });
      expect(has[1]).toMatch(tty ? /^\/dev\/pts\/\d+$/ : /^pipe:/);
    }
  }, 60_000);

  test("[PR1] neither the host nor a child holds the files of its engine's log", async () => {
    const log = newLog();
    const call = (id: string, tty: boolean) => ({
      ...{ call: 'exec_command', id },
      args: { cmd: 'exec sleep 1000', tty, login: false, yield_time_ms: 250 },
    });
    const fleet = await openFleet({
      log,
      fleet: {
        models: { script: { kind: 'script' } },
        roots: [{ prompt: 'go', model: 'script' }],
        scripts: { '/root': [[call('a', false), call('b', true)], [{ say: 'They run.' }]] },
      },
    });
    await fleet.whenIdle();
    const logFiles = (pid: number) => Object.values(open(pid)).filter((path) => path.startsWith(join(log, 'db')));
    expect(logFiles(process.pid)).not.toEqual([]);
    expect(logFiles(hostOfLog(log)!.pid)).toEqual([]);
    for (const child of await fleet.processes()) expect(Object.keys(open(child.pid!))).toEqual(['0', '1', '2']);
    await fleet.stop('enough', { processes: 'end' });
  });
});
