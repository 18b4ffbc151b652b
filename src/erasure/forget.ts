/** Payloads of a log at rest are removed: first the fact, then the content. Done again, it removes what is still there. */
import type { CommandOf } from '../decide/command.ts';
import type { Clock } from '../engine/clock.ts';
import { type Answer, Engine } from '../engine/engine.ts';
import { foldLog } from '../engine/fold.ts';
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

/** No engine lives meanwhile: this is no life of its own, and nothing is resumed. */
export async function forget(
  { log, clock, newId, removeOutput, removeSecret }: ForgetParts,
  command: CommandOf<'forget'>,
): Promise<Answer<Forgotten>> {
  const state = await foldLog(log);
  const engine = new Engine({ log, clock, newId, hostId: () => '', state, epoch: log.head().epoch });
  const answer = await engine.submit<Forgotten>(command, { by: 'operator' });
  if (!answer.ok) return answer;
  for (const { what, id } of command.payloads) {
    if (what === 'blob') await log.forget(id);
    else if (what === 'output') removeOutput(Number(id));
    else removeSecret(id);
  }
  return answer;
}
