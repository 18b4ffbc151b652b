/** How damage is named: always with the first position that cannot be vouched for (LO4). */
import { Failure } from '../failure.ts';

export function damaged(firstBad: number, what: string, cause?: unknown): Failure {
  return new Failure('HOLDFAST_LOG_DAMAGED', `the log is damaged at position ${firstBad}: ${what}`, {
    remedy: '`holdfast salvage TO` copies the sound part before it to a new folder; the log itself is left as it is',
    details: { firstBad, what },
    cause,
  });
}

export function newer(what: string, version: number, known: number): Failure {
  return new Failure(
    'HOLDFAST_LOG_NEWER',
    `${what} has format ${version}; this version of holdfast reads up to ${known}`,
    {
      remedy: 'open the log with the version of holdfast that wrote it, or a later one',
      details: { version, known },
    },
  );
}

export const isDamage = (error: unknown): error is Failure =>
  error instanceof Failure && error.code === 'HOLDFAST_LOG_DAMAGED';
