import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSpool } from '../../src/host/spoolReader.ts';
import { bash, ended, newHost, output, reconnect, shows, started } from './hosts.ts';

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

describe('output', () => {
  test('[PR2] stdout and stderr are one byte sequence in the order of writing', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, 'for i in 1 2 3; do echo out $i; echo err $i >&2; echo dev $i >/dev/stderr; done'));
    const exit = await ended(host, 1000);
    const expected = [1, 2, 3].map((i) => `out ${i}\nerr ${i}\ndev ${i}\n`).join('');
    expect(await output(host, 1000)).toBe(expected);
    expect(exit).toMatchObject({ outputBytes: expected.length, outputHash: sha256(expected) });
  });

  test('[PR2] two readers both see everything, and reading destroys nothing', async () => {
    const { host, log } = await newHost();
    await started(host, bash(1000, 'seq 1 50000'));
    const other = await reconnect(log);
    await ended(host, 1000);
    const both = await Promise.all([output(host, 1000), output(other, 1000)]);
    const expected = Array.from({ length: 50_000 }, (_, i) => `${i + 1}\n`).join('');
    expect(both).toEqual([expected, expected]);
    expect(await output(host, 1000)).toBe(expected);
    other.disconnect();
  });

  test('[PR2] bytes are raw: what is no text comes through', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, "printf '\\x00\\xff\\xc3\\x28\\x80'"));
    await ended(host, 1000);
    const { bytes } = (await host.read(1000, 1, 3))!;
    expect([...bytes]).toEqual([0xff, 0xc3, 0x28]);
  });

  test.each([false, true])('[PR10] a flood arrives whole: spool, count and hash agree (tty: %s)', async (tty) => {
    const { host, log } = await newHost();
    await started(host, bash(1000, `${tty ? 'stty -opost;' : ''} seq 1 3000000`, { tty }));
    const exit = await ended(host, 1000);
    const hash = createHash('sha256');
    for (let i = 1; i <= 3_000_000; i += 10_000) {
      hash.update(Array.from({ length: 10_000 }, (_, k) => `${i + k}\n`).join(''));
    }
    expect(exit).toMatchObject({ code: 0, outputBytes: 22_888_896, outputHash: hash.digest('hex') });
    expect(sha256(await output(host, 1000))).toBe(exit.outputHash);
    const onDisk = readSpool(log, 1000, 22_888_888, 100)!;
    expect(Buffer.from(onDisk.bytes).toString()).toBe('3000000\n');
  });

  test('[PR2] above the cap head and newest tail are kept, and the gap is told exactly', async () => {
    const { host, log } = await newHost(undefined, { HOLDFAST_SPOOL_BYTES_MAX: '4000' });
    await started(host, bash(1000, 'for i in {1..5}; do seq -f %09.0f 1 200; done'));
    const exit = await ended(host, 1000);
    expect(exit.outputBytes).toBe(10_000);
    for (const read of [
      (from: number) => host.read(1000, from, 1_000_000),
      (from: number) => Promise.resolve(readSpool(log, 1000, from, 1_000_000)),
    ]) {
      let kept = '';
      let omitted = 0;
      for (let from = 0; from < exit.outputBytes; ) {
        const part = (await read(from))!;
        expect(part.to).toBe(part.from + part.omitted + part.bytes.length);
        kept += '.'.repeat(part.omitted) + Buffer.from(part.bytes).toString();
        omitted += part.omitted;
        from = part.to;
      }
      expect(kept).toHaveLength(10_000);
      expect(omitted).toBeGreaterThanOrEqual(6_000);
      expect(omitted).toBeLessThanOrEqual(7_000);
      expect(kept.startsWith('000000001\n000000002\n')).toBe(true);
      expect(kept.endsWith('000000199\n000000200\n')).toBe(true);
    }
  });

  test('[PR2] a reader is woken by output, and by the end', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, 'echo ready; read line; echo "got $line"', { tty: true }));
    const first = await host.wait(1000, 30_000, undefined, 0);
    expect(first?.size).toBeGreaterThan(0);
    await shows(host, 1000, 'ready');
    const end = host.wait(1000, 30_000);
    await host.write('w1', 1000, Buffer.from('word\n'));
    expect((await end)?.exit).toMatchObject({ code: 0 });
    expect(await output(host, 1000)).toContain('got word');
  });

  test('[PR2] a wait ends after its time or when it is cancelled, and harms nothing', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, 'exec sleep 1000'));
    expect(await host.wait(1000, 10)).toEqual({ size: 0 });
    const cancel = new AbortController();
    const waiting = host.wait(1000, 1_000_000_000_000, cancel.signal);
    cancel.abort(new Error('turn interrupted'));
    await expect(waiting).rejects.toThrow('turn interrupted');
    expect(await host.wait(1001, 10)).toBeUndefined();
    expect(await host.stop('s', 1000, 2_000)).toMatchObject({ signal: 'SIGTERM' });
  });

  test('[PR2] an end does not wait for whoever holds the pipe; later bytes still reach the spool', async () => {
    const { host, log } = await newHost();
    const flag = join(log, 'flag');
    await started(host, bash(1000, `echo early; (until [ -e ${flag} ]; do sleep 0.02; done; echo late) & exit 3`));
    expect(await ended(host, 1000)).toMatchObject({ code: 3, outputBytes: 6, outputHash: sha256('early\n') });
    writeFileSync(flag, '');
    await expect.poll(() => output(host, 1000), { timeout: 20_000 }).toBe('early\nlate\n');
    expect((await host.read(1000, 0, 100))?.exit?.outputBytes).toBe(6);
  });
});
