import { readdirSync, readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hostOfLog } from '../../src/host/client.ts';
import type { Host } from '../../src/host/port.ts';
import { encodeFrame, FrameReader } from '../../src/host/protocol.ts';
import { bash, ended, newHost, newLog, reconnect, started } from './hosts.ts';

interface Knock {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  readonly reader: FrameReader;
}

const tokenOf = (log: string) => JSON.parse(readFileSync(join(log, 'host.json'), 'utf8')).token as string;

async function knock(log: string, ...first: Buffer[]): Promise<Knock> {
  const socket = createConnection(hostOfLog(log)!.socket);
  const reader = new FrameReader(1024 * 1024);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => reader.push(chunk));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const bytes of first) socket.write(bytes);
  return { socket, closed, reader };
}

async function stillServes(host: Host, processId: number): Promise<void> {
  await started(host, bash(processId, 'exit 7'));
  expect(await ended(host, processId)).toMatchObject({ code: 7 });
}

describe('the door of a host', () => {
  test.each([
    ['a wrong token', encodeFrame({ token: 'f'.repeat(64) })],
    ['a token of another length', encodeFrame({ token: '' })],
    ['no token', encodeFrame({ id: 1, op: 'list', args: [] })],
    ['nothing', encodeFrame(null)],
    ['garbage', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['zeros', Buffer.alloc(100)],
    ['a first frame that is too large', encodeFrame({ token: 'x'.repeat(10_000) })],
  ])('[PR11] %s is refused', async (_, first) => {
    const { host, log } = await newHost();
    const { closed, reader } = await knock(log, first, encodeFrame({ id: 1, op: 'list', args: [] }));
    await closed;
    expect(reader.next()).toBeUndefined();
    await stillServes(host, 1000);
  });

  test('[PR11] garbage and oversized frames after the token end that connection only', async () => {
    const { host, log } = await newHost();
    const oversized = Buffer.alloc(8);
    oversized.writeUInt32BE(8 * 1024 * 1024 + 1, 0);
    const notJson = Buffer.concat([Buffer.from([0, 0, 0, 8, 0, 0, 0, 4]), Buffer.from('{"a:')]);
    for (const bad of [oversized, notJson, encodeFrame('text'), encodeFrame({ id: 'x', op: 'list', args: [] })]) {
      const { closed } = await knock(log, encodeFrame({ token: tokenOf(log) }), bad);
      await closed;
    }
    await stillServes(host, 1000);
  });

  test('[PR11] a request that makes no sense is answered with an error', async () => {
    const { log } = await newHost();
    const requests = [
      { id: 1, op: 'toString', args: [] },
      { id: 2, op: 'start', args: [{}] },
      { id: 3, op: 'read', args: ['1000', -1, null] },
      { id: 4, op: 'list', args: [] },
    ];
    const { socket, reader } = await knock(
      log,
      encodeFrame({ token: tokenOf(log) }),
      ...requests.map((r) => encodeFrame(r)),
    );
    const replies: unknown[] = [];
    await expect
      .poll(() => {
        for (let frame = reader.next(); frame; frame = reader.next()) replies.push(frame.json);
        return replies.length;
      })
      .toBe(5);
    socket.destroy();
    const invalid = { code: 'HOLDFAST_HOST_REQUEST_INVALID' };
    expect(replies).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: 1, fault: expect.objectContaining(invalid) }),
        expect.objectContaining({ id: 2, fault: expect.objectContaining(invalid) }),
        expect.objectContaining({ id: 3, fault: expect.objectContaining(invalid) }),
        { id: 4, value: [] },
      ]),
    );
  });

  test('[PR11] a connection that does not read its answers holds up nobody', async () => {
    const { host, log } = await newHost();
    await started(host, bash(1000, 'head -c 4000000 /dev/zero'));
    await ended(host, 1000);
    const { socket } = await knock(log, encodeFrame({ token: tokenOf(log) }));
    socket.pause();
    for (let id = 1; id <= 500; id++) socket.write(encodeFrame({ id, op: 'read', args: [1000, 0, 4_000_000] }));
    await stillServes(host, 1001);
    const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${hostOfLog(log)!.pid}/status`, 'utf8'))?.[1]);
    expect(rss).toBeLessThan(400_000);
    socket.destroy();
  });

  test('[PR11] a connection that is cut in the middle of a frame leaves nothing behind', async () => {
    const { host, log } = await newHost();
    const hello = encodeFrame({ token: tokenOf(log) });
    const start = encodeFrame({ id: 1, op: 'start', args: [bash(1000, 'exit 1')] });
    for (const cut of [
      hello.subarray(0, 3),
      hello.subarray(0, 20),
      hello,
      Buffer.concat([hello, start.subarray(0, 40)]),
    ]) {
      const { socket, closed } = await knock(log);
      await new Promise((resolve) => socket.write(cut, resolve));
      socket.destroy();
      await closed;
    }
    expect(await host.list()).toEqual([]);
    await stillServes(host, 1000);
  });

  test('[PR11] thousands who connect and say nothing do not keep others out, nor use up the host', async () => {
    const { host, log } = await newHost();
    const { pid } = hostOfLog(log)!;
    const descriptors = () => readdirSync(`/proc/${pid}/fd`).length;
    const before = descriptors();
    const silent: Socket[] = [];
    for (let i = 0; i < 3_000; i += 100) {
      const some = await Promise.all(Array.from({ length: 100 }, () => knock(log)));
      silent.push(...some.map(({ socket }) => socket));
      await (await reconnect(log)).list();
      expect(descriptors()).toBeLessThan(before + 200);
    }
    await stillServes(host, 1000);
    for (const socket of silent) socket.destroy();
  });

  test('[PR11] a log whose path is long has its socket in the runtime folder', async () => {
    const log = join(newLog(), 'x'.repeat(120));
    const { host } = await newHost(log);
    const { socket } = hostOfLog(log)!;
    expect(Buffer.byteLength(socket)).toBeLessThan(100);
    expect(socket.startsWith(log)).toBe(false);
    await stillServes(host, 1000);
    expect(await host.endIfEmpty()).toBe(true);
    await expect.poll(() => hostOfLog(log)).toBeUndefined();
  });

  test('[PR11] the token is in no argument and in no child', async () => {
    const { host, log } = await newHost();
    const token = tokenOf(log);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(`/proc/${hostOfLog(log)!.pid}/cmdline`, 'utf8')).not.toContain(token);
    expect(hostOfLog(log)).not.toHaveProperty('token');
    const child = await started(host, bash(1000, 'exec sleep 1000'));
    expect(readFileSync(`/proc/${child.pid}/environ`, 'utf8')).not.toContain(token);
  });
});
