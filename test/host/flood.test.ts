import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hostOfLog } from '../../src/host/client.ts';
import { bash, newHost, started } from './hosts.ts';

const long = process.env.HOLDFAST_LONG !== undefined;
/** `yes` for a few seconds, or for a minute: more than the host may grow by. */
const floodBytes = long ? 3e9 : 130e6;
/** Long ones pass a terminal quickly. */
const line = 'x'.repeat(200);
/** What the host takes at rest, its queues, and what the collector of garbage has not met yet. */
const growthBytesMax = 64 * 2 ** 20;

const residentBytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

describe('a flood', () => {
  // A terminal gives a few MB/s on a busy machine; what follows it is the same.
  test.each(long ? [true, false] : [false])(
    '[PR10] of a program that never stops does not fill the memory of the host (tty: %s)',
    async (tty) => {
      const { host, log } = await newHost(undefined, { HOLDFAST_SPOOL_BYTES_MAX: String(16 * 2 ** 20) });
      const { pid } = hostOfLog(log)!;
      const before = residentBytes(pid);
      let most = before;
      await started(host, bash(1000, `exec yes ${line}`, { tty }));
      for (let size = 0; size < floodBytes; ) {
        size = (await host.wait(1000, 60_000, undefined, size + 1e6))!.size;
        most = Math.max(most, residentBytes(pid));
      }
      const { omitted } = (await host.read(1000, 8 * 2 ** 20, 1))!;
      expect(omitted).toBeGreaterThan(floodBytes / 2);
      await host.stop('s', 1000, 2_000);
      expect(most - before).toBeLessThan(growthBytesMax);
    },
    300_000,
  );

  test('[PR10] does not keep others waiting: who types is answered meanwhile', async () => {
    const { host } = await newHost(undefined, { HOLDFAST_SPOOL_BYTES_MAX: String(16 * 2 ** 20) });
    for (const processId of [1000, 1001, 1002]) await started(host, bash(processId, `exec yes ${line}`, { tty: true }));
    await started(host, bash(1003, 'stty -echo; echo ready; exec cat', { tty: true }));
    await host.wait(1003, 30_000, undefined, 0);
    for (let i = 0; i < 5; i += 1) {
      const { size } = (await host.wait(1003, 0))!;
      await host.write(`w${i}`, 1003, Buffer.from('echo\n'));
      expect((await host.wait(1003, 10_000, undefined, size))!.size).toBeGreaterThan(size);
    }
    expect((await host.wait(1000, 0))!.size).toBeGreaterThan(1e6);
    await Promise.all([1000, 1001, 1002, 1003].map((processId) => host.stop('s', processId, 100)));
  });
});
