/** What people decide while a fleet works; drawn only for fleets that ask them. */
import type { ApprovalAnswer } from '../../decide/command.ts';
import type { Random } from '../random.ts';
import type { Step } from './kinds.ts';
import { asking } from './step.ts';

/** Weight 0: they come by `drawAttention`, so that they shift nothing in histories without questions. */
export const attendedSteps = {
  answer: asking<{ readonly approvalId: string; readonly answer: ApprovalAnswer; readonly reason?: string }>({
    weight: 0,
    draw: (r) => ({
      approvalId: r.chance(4) ? r.pick(['', '0', 'constructor', '__proto__']) : String(1 + r.below(6)),
      answer: r.pick(['allow', 'allow', 'deny', 'always']),
      ...(r.chance(20) && { reason: 'not now' }),
    }),
    says: ({ approvalId, answer }) => `answer question ${approvalId}: ${answer}`,
    command: ({ approvalId, answer, reason }) => ({
      do: 'answerApproval',
      approvalId,
      answer,
      ...(reason !== undefined && { reason }),
    }),
  }),
};

/** One step of somebody who looks after the fleet. */
export const drawAttention = (r: Random): Step =>
  ({
    after: r.below(12),
    ...(r.chance(12) && { key: `k${r.below(4)}` }),
    do: 'answer',
    ...attendedSteps.answer.draw(r),
  }) as Step;
