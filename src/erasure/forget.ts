/** Payloads of a log at rest are removed: first the fact, then the content. Done again, it removes what is still there. */
import type { CommandOf } from '../decide/command.ts';
import type { Clock } from '../engine/clock.ts';
import { type Answer, Engine } from '../engine/engine.ts';
import { foldLog } from '../engine/fold.ts';
import { Failure } from '../failure.ts';
import type { Log } from '../log/port.ts';

export interface ForgetParts {
  readonly log: Log;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Of an ended process. */
  readonly removeOutput: (processId: number) => void;
  readonly removeSecret: (name: string) => void;
}

export interface Forgotten {
  /** Now, and before. */
  readonly forgotten: number;
  readonly before: number;
}

/**
 * No engine lives meanwhile: this is no life of its own, and nothing is resumed. Rejects with HOLDFAST_FORGET_UNFINISHED
 * when the fact is durable and some content is still there.
 */
export async function forget(
  { log, clock, newId, removeOutput, removeSecret }: ForgetParts,
  command: CommandOf<'forget'>,
): Promise<Answer<Forgotten>> {
  const state = await foldLog(log);
  const engine = new Engine({ log, clock, newId, hostId: () => '', state, epoch: log.head().epoch });
  const answer = await engine.submit<Forgotten>(command, { by: 'operator' });
  if (!answer.ok) return answer;
  try {
    for (const { what, id } of command.payloads) {
      if (what === 'blob') await log.forget(id);
      else if (what === 'output') removeOutput(Number(id));
      else removeSecret(id);
    }
  } catch (error) {
    throw error instanceof Failure ? error : unfinished(error);
  }
  return answer;
}

const unfinished = (cause: unknown): Failure =>
  new Failure(
    'HOLDFAST_FORGET_UNFINISHED',
    `it is recorded, but not all of it could be removed: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      remedy:
        'free space on the disk of the log or mend it, then forget the same again: it removes what is still there',
      cause,
    },
  );
