import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Spool } from '../../src/host/spool.ts';
import { readSpool } from '../../src/host/spoolReader.ts';

let log: string;
beforeEach(() => {
  log = mkdtempSync(join(tmpdir(), 'holdfast-spool-'));
});
afterEach(() => rmSync(log, { recursive: true, force: true }));

const nothing = () => undefined;

describe('a spool', () => {
  test('[PR2] every byte is read once or covered by an omission with exact counts', async () => {
    let processId = 1000;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 20 }),
        fc.integer({ min: 4, max: 200 }),
        fc.integer({ min: 1, max: 30 }),
        async (chunks, bytesMax, bytesPerRead) => {
          rmSync(join(log, 'spool'), { recursive: true, force: true });
          mkdirSync(join(log, 'spool'));
          const all = Buffer.concat(chunks);
          const spool = new Spool(join(log, 'spool', String(++processId)), bytesMax, nothing, nothing);
          for (const chunk of chunks) spool.append(Buffer.from(chunk));
          await spool.settled();
          spool.close();
          expect(spool.size).toBe(all.length);
          expect(spool.digest()).toBe(createHash('sha256').update(all).digest('hex'));
          const onDisk = readdirSync(join(log, 'spool')).map((name) => statSync(join(log, 'spool', name)).size);
          expect(onDisk.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(bytesMax);
          for (let from = 0; from < all.length; ) {
            const part = spool.read(from, bytesPerRead);
            expect(readSpool(log, processId, from, bytesPerRead)).toMatchObject(part);
            expect(part.from).toBe(from);
            expect(part.to).toBe(from + part.omitted + part.bytes.length);
            expect(part.to).toBeGreaterThan(from);
            expect(Buffer.from(part.bytes)).toEqual(all.subarray(from + part.omitted, part.to));
            if (all.length <= Math.floor(bytesMax / 2)) expect(part.omitted).toBe(0);
            from = part.to;
          }
          if (all.length > 0) expect(spool.read(all.length - 1, 1).bytes).toHaveLength(1);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('[PR10] asks its source to pause when the disk is behind, and to go on when it has caught up', async () => {
    mkdirSync(join(log, 'spool'));
    let relieved = false;
    const spool = new Spool(join(log, 'spool', '1000'), 2 ** 30, nothing, () => {
      relieved = true;
    });
    let taken = 0;
    while (spool.append(Buffer.alloc(65_536))) taken += 65_536;
    expect(taken).toBeLessThanOrEqual(1024 * 1024);
    expect(relieved).toBe(false);
    await expect.poll(() => relieved).toBe(true);
    await spool.settled();
    expect(spool.append(Buffer.from('x'))).toBe(true);
    await spool.settled();
    spool.close();
    expect(spool.size).toBe(taken + 65_536 + 1);
  });

  test('[PR2] what the disk refuses is counted as omitted, and later output is kept again', async () => {
    const spool = new Spool(join(log, 'spool', '1000'), 2 ** 20, nothing, nothing);
    spool.append(Buffer.from('lost'));
    await spool.settled();
    expect(spool.read(0, 100)).toMatchObject({ to: 4, omitted: 4 });
    mkdirSync(join(log, 'spool'));
    spool.append(Buffer.from('kept'));
    await spool.settled();
    spool.close();
    const part = { from: 0, to: 8, omitted: 4, bytes: Buffer.from('kept') };
    expect(spool.read(0, 100)).toMatchObject(part);
    expect(readSpool(log, 1000, 0, 100)).toMatchObject(part);
    expect(spool.digest()).toBe(createHash('sha256').update('lostkept').digest('hex'));
  });
});
