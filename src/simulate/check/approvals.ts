/** AP1–AP5: no process without the answer that it needs, one answer to a question, and no slot where it is to be given back. */
import type { FleetFile } from '../../../events/fleetFile.ts';
import type { Checker } from './checker.ts';
import { callOf } from './questions.ts';
import { holds } from './violation.ts';
import { awaitsAnswer } from './waiting.ts';

export function approvals(): Checker {
  let policy: NonNullable<FleetFile['approvals']> = {};
  /** Calls by what a person has said about them. */
  const said = new Map<string, 'allow' | 'deny' | 'always'>();
  const forGood: string[] = [];
  /** Processes that were asked for in this batch. */
  let requested: { readonly call: string; readonly position: number; readonly command: string }[] = [];
  return {
    before: (picture, event) => {
      const { position } = event;
      const { questions } = picture;
      if (event.type === 'FleetOpened') policy = event.data.fleet.approvals ?? {};
      if (event.type === 'ApprovalAsked') {
        const { approvalId } = event.data;
        const next = String(questions.asked + 1);
        holds(approvalId === next, 'AP1', position, () => `question ${approvalId}, not ${next}`);
        holds(!questions.calls.has(callOf(event.data)), 'AP1', position, () => 'this call is asked about already');
        holds(!said.has(callOf(event.data)), 'AP1', position, () => 'this call was asked about before');
      }
      if (event.type === 'ApprovalAnswered') {
        const { approvalId, answer, always } = event.data;
        const question = questions.open.get(approvalId);
        holds(question !== undefined, 'AP1', position, () => `question ${approvalId} is not open and gets an answer`);
        holds(event.by === 'operator', 'AP1', position, () => `question ${approvalId} is answered by ${event.by}`);
        said.set(question.call, answer);
        if (always !== undefined) forGood.push(...always);
        const named = JSON.stringify(answer === 'always' ? question.always : undefined);
        holds(
          named === JSON.stringify(always),
          'AP4',
          position,
          () => `${always} is allowed, and ${named} was asked for`,
        );
      }
      if (event.type === 'ProcessRequested') {
        const { turnId, cellId, callId, command } = event.data;
        if (callId !== undefined)
          requested.push({
            call: callOf({ callId, ...(turnId && { turnId }), ...(cellId && { cellId }) }),
            position,
            command: command.at(-1) ?? '',
          });
      }
    },
    after: (picture) => {
      const { questions, position } = picture;
      for (const { call, position: at, command } of requested) {
        const word = said.get(call);
        holds(!questions.calls.has(call), 'AP1', at, () => `${command} is run while a person is asked about it`);
        holds(word !== 'deny', 'AP1', at, () => `${command} is run, and a person has refused it`);
        const free = (policy.mode ?? 'auto') === 'auto' || begins(command, [...(policy.allow ?? []), ...forGood]);
        holds(free || word !== undefined, 'AP1', at, () => `${command} is run, and nobody was asked`);
        holds(!begins(command, policy.deny ?? []), 'AP2', at, () => `${command} is run, and it is forbidden`);
      }
      requested = [];
      if (policy.park !== true || !picture.queueing) return;
      for (const turn of picture.turns.values()) {
        const gives = turn.agent.parent === undefined || turn.parked || !awaitsAnswer(picture, turn);
        holds(gives, 'AP5', position, () => `${turn.agent.path} waits for a person and keeps its slot`);
      }
    },
  };
}

/** The commands of the world are single ones without quotes. */
const begins = (command: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => pattern === `${command} $` || `${command} `.startsWith(`${pattern} `));
