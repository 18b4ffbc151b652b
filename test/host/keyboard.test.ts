import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Attached } from '../../src/host/attached.ts';
import { hostOfLog, joinProcess } from '../../src/host/client.ts';
import type { Host } from '../../src/host/port.ts';
import { bash, ended, newHost, output, shows, started, until } from './hosts.ts';

const bytes = (text: string) => Buffer.from(text);

async function seat(log: string, processId = 1000): Promise<{ at: Attached; heard: string[] }> {
  const at = (await joinProcess(log, processId))!;
  const heard: string[] = [];
  at.onNotice((notice) => {
    if ('keyboard' in notice) heard.push(notice.keyboard);
  });
  return { at, heard };
}

async function cat(): Promise<{ log: string; host: Host }> {
  const { log, host } = await newHost();
  await started(host, bash(1000, 'stty -echo; echo ready; while read line; do echo "<$line>"; done', { tty: true }));
  await shows(host, 1000, 'ready');
  return { log, host };
}

describe('a keyboard', () => {
  test('[PR12] is had by the first who asks, until somebody takes it, and only its holder types', async () => {
    const { log, host } = await cat();
    const [first, second] = [await seat(log), await seat(log)];
    expect(await first.at.type(bytes('nobody\n'))).toBe('held');
    expect(await first.at.keyboard('ask')).toBe(true);
    expect(await second.at.keyboard('ask')).toBe(false);
    expect(await second.at.type(bytes('second\n'))).toBe('held');
    expect(await first.at.type(bytes('first\n'))).toBe('written');
    expect(await second.at.keyboard('take')).toBe(true);
    expect(await first.at.type(bytes('first again\n'))).toBe('held');
    expect(await second.at.type(bytes('second\n'))).toBe('written');
    await shows(host, 1000, '<second>');
    expect(await output(host, 1000)).toBe('ready\r\n<first>\r\n<second>\r\n');
    await until(() => first.heard.length === 2 && second.heard.length === 2);
    expect([first.heard, second.heard]).toEqual([
      ['yours', 'held'],
      ['held', 'yours'],
    ]);
    second.at.leave();
    await until(() => first.heard.at(-1) === 'free');
    expect(await first.at.keyboard('ask')).toBe(true);
    first.at.leave();
  });

  test('[PR12][PR9] has the size of the window of its holder, and everybody is told from which byte on', async () => {
    const { log, host } = await cat();
    const [holder, watcher] = [await seat(log), await seat(log)];
    await holder.at.keyboard('ask');
    expect(await watcher.at.resize(10, 10)).toBe(false);
    expect(await holder.at.resize(100, 30)).toBe(true);
    await until(() => watcher.at.windows.length === 2);
    expect(watcher.at.windows).toEqual([
      { at: 0, cols: 80, rows: 24 },
      { at: 'ready\r\n'.length, cols: 100, rows: 30 },
    ]);
    await expect(holder.at.resize(0, 10)).rejects.toMatchObject({ code: 'HOLDFAST_HOST_REQUEST_INVALID' });
    const later = await seat(log);
    expect(later.at.windows).toEqual(watcher.at.windows);
    await started(host, bash(1001, 'stty size', { tty: true, cols: 91, rows: 31 }));
    await ended(host, 1001);
    expect((await seat(log, 1001)).at.windows).toEqual([{ at: 0, cols: 91, rows: 31 }]);
  });

  test('[PR9] there is none at pipes, at what has ended, and at what is not there', async () => {
    const { log, host } = await newHost();
    await started(host, bash(1000, 'exec sleep 1000'));
    await started(host, bash(1001, 'exit 1', { tty: true }));
    await ended(host, 1001);
    for (const processId of [1000, 1001]) {
      const { at } = await seat(log, processId);
      expect(await at.keyboard('take')).toBe(false);
      expect(await at.type(bytes('x'))).toBe('ended');
      at.leave();
    }
    expect(await joinProcess(log, 1002)).toBeUndefined();
  });

  test('[PR12][PR3] what is typed is told line by line as a sum with a salted hash, is in the end, and survives the host', async () => {
    const { log, host } = await cat();
    const told: { bytes: number; hash: string }[] = [];
    host.onTyped((processId, typed) => {
      if (processId === 1000) told.push(typed);
    });
    const { at } = await seat(log);
    await at.keyboard('ask');
    for (const text of ['o', 'n', 'e', '\n', 'two']) await at.type(bytes(text));
    await until(() => told.length === 2);
    const record = () =>
      JSON.parse(readFileSync(join(log, 'spool', '1000.start.json'), 'utf8')) as { salt: string; typed: object };
    const sum = (text: string) => {
      const hash = createHash('sha256').update(record().salt).update(text).digest('hex');
      return { bytes: text.length, hash };
    };
    expect(told).toEqual([sum('one\n'), sum('one\ntwo')]);
    expect(await host.list()).toMatchObject([{ typed: sum('one\ntwo') }]);
    await at.type(bytes('!\u0004'));
    expect(record().typed).toEqual(sum('one\ntwo!\u0004'));
    expect(readFileSync(join(log, 'spool', '1000.start.json'), 'utf8')).not.toContain('two');
    await at.type(bytes('\u0004'));
    expect(await ended(host, 1000)).toMatchObject({ typed: sum('one\ntwo!\u0004\u0004') });

    process.kill(hostOfLog(log)!.pid, 'SIGKILL');
    await until(() => hostOfLog(log) === undefined);
    const { host: next } = await newHost(log);
    expect(await next.list()).toMatchObject([{ processId: 1000, typed: { bytes: 10 } }]);
  });

  test('[PR10] what a process does not read is refused and not counted as typed', async () => {
    const { log, host } = await newHost();
    await started(host, bash(1000, 'stty raw -echo; echo ready; exec sleep 1000', { tty: true }));
    await shows(host, 1000, 'ready');
    const { at } = await seat(log);
    await at.keyboard('ask');
    expect(await at.type(Buffer.alloc(900_000, 'x'))).toBe('written');
    await expect(at.type(Buffer.alloc(900_000, 'x'))).rejects.toMatchObject({ code: 'HOLDFAST_HOST_INPUT_FULL' });
    expect(await host.list()).toMatchObject([{ typed: { bytes: 900_000 } }]);
  });
});
