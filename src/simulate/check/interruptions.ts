/** TU1: whoever is told that an agent was interrupted finds the interruption in the log, in whatever phase the turn was. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import { holds } from './violation.ts';

export interface InterruptionChecker extends Checker {
  /** An operator is told that somebody was interrupted; not told again under a key. */
  readonly told: (path: string) => void;
}

const ends = ({ type }: HoldfastEvent): boolean => type === 'TurnInterrupted' || type === 'TurnDequeued';

export function interruptions(): InterruptionChecker {
  /** Batches of the operator that interrupt, and answers that say so: an answer may be lost, a batch may not. */
  let done = 0;
  let answers = 0;
  let position = 0;
  return {
    after: (picture, batch) => {
      position = picture.position;
      const interrupting = batch.some((event) => ends(event) && event.by === 'operator');
      if (interrupting && !batch.some((event) => event.type === 'AgentClosed')) done += 1;
      for (const event of batch) {
        if (event.type !== 'ToolCallStarted' || event.data.tool !== 'interrupt_agent') continue;
        const { turnId, callId } = event.data;
        const end = batch.find(
          (e) => e.type === 'ToolCallEnded' && e.data.turnId === turnId && e.data.callId === callId,
        );
        const output = end?.type === 'ToolCallEnded' ? end.data.output : undefined;
        if (output?.fields?.previous_status !== 'running') continue;
        holds(batch.some(ends), 'TU1', event.position, () => 'a running agent is interrupted and its turn goes on');
      }
    },
    told: (path) => {
      answers += 1;
      holds(answers <= done, 'TU1', position, () => `${path} is said to be interrupted and its turn goes on`);
    },
  };
}
