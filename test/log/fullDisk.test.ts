import { expect, test } from 'vitest';
import { isDiskFull, writeFailed } from '../../src/log/writeFailed.ts';

test('[LO5] a full disk is told as one, with what to do about it', () => {
  const full = new Error('IO error: 000003.log: No space left on device');
  expect(isDiskFull(full)).toBe(true);
  expect(writeFailed(full)).toMatchObject({
    code: 'HOLDFAST_LOG_WRITE_FAILED',
    remedy: expect.stringContaining('free space'),
  });
  expect(isDiskFull(new Error('IO error: 000003.log: Input/output error'))).toBe(false);
});
