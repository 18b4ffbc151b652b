import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Envelope } from '../../events/envelope.ts';
import { Author, touches } from '../../src/contract/material.ts';
import { openMemoryLog } from '../../src/log/memory.ts';
import type { Log } from '../../src/log/port.ts';
import { IdIndex, lastRefusal } from '../../src/why/idIndex.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-ids-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mailId = (n: number): string => `0192a000-0000-7000-8000-${String(n).padStart(12, '0')}`;

async function written(
  at: number,
): Promise<{ readonly log: Log; readonly more: (from: number, to: number) => Promise<void> }> {
  const log = openMemoryLog({ touches });
  const author = new Author();
  author.at += at;
  await log.append(author.opening());
  const more = async (from: number, to: number) => {
    for (let n = from; n < to; n++)
      await log.append(
        author.batch([
          { stream: 'mail/a', type: 'MailAccepted', data: { mailId: mailId(n), from: 'operator', to: 'a' } },
          { stream: 'fleet', type: 'LimitRefused', data: { refusalId: mailId(n + 100_000) } },
        ]),
      );
  };
  return { log, more };
}

async function eventAt(log: Log, position: number | undefined): Promise<Envelope | undefined> {
  for await (const [event] of log.read({ from: position!, to: position! })) return event;
  return undefined;
}

test('an id is found by the whole of it and by its last group, in what was kept and in what has come since; of another log nothing is kept', async () => {
  const { log, more } = await written(0);
  await more(0, 300);
  await IdIndex.of(log, folder);
  await more(300, 400);
  for (const index of [await IdIndex.of(log, folder), await IdIndex.of(log, folder)]) {
    for (const n of [0, 7, 299, 300, 399])
      for (const id of [mailId(n), mailId(n).slice(-12)])
        expect((await eventAt(log, index.positionsOf(id)[0]))?.data).toMatchObject({ mailId: mailId(n) });
    expect((await eventAt(log, index.positionsOf(lastRefusal)[0]))?.data).toEqual({ refusalId: mailId(100_399) });
    expect(index.positionsOf(mailId(5_000))).toEqual([]);
  }
  const other = await written(1);
  await other.more(0, 500);
  expect((await IdIndex.of(other.log, folder)).positionsOf(mailId(450)).length).toBe(1);
  expect((await IdIndex.of(other.log, folder)).positionsOf(mailId(7)).length).toBe(1);
});
