/** What is said when the disk did not take a batch (LO5). */
import { Failure } from '../failure.ts';

const textOf = (cause: unknown): string =>
  cause instanceof Error
    ? `${cause.message}${cause.cause instanceof Error ? `: ${cause.cause.message}` : ''}`
    : String(cause);

export const isDiskFull = (cause: unknown): boolean => /ENOSPC|no space left|EDQUOT|quota/i.test(textOf(cause));

export function writeFailed(cause: unknown): Failure {
  const text = textOf(cause);
  const full = isDiskFull(cause);
  return new Failure(
    'HOLDFAST_LOG_WRITE_FAILED',
    full ? `the disk is full: ${text}` : `the log could not be written: ${text}`,
    {
      remedy: full
        ? 'free space on the disk of the log, then `holdfast resume`: what was acknowledged is there'
        : 'mend the disk of the log, then `holdfast resume`: what was acknowledged is there',
      cause,
    },
  );
}
