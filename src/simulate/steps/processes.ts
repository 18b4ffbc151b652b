/** What operators ask of the processes of a fleet. */
import type { OfTarget } from './operator.ts';
import { asking } from './step.ts';
import { drawTarget } from './targets.ts';

/** Of 100 histories: those in which processes are moved to and fro. */
const often = { percent: 30, times: 4 };

export const processSteps = {
  detach: asking<OfTarget>({
    weight: 3,
    often,
    draw: (r) => ({ target: drawTarget(r) }),
    says: ({ target }) => `detach ${target}`,
    command: ({ target }, idOf) => ({ do: 'detach', target: idOf(target) }),
  }),
  reattach: asking<OfTarget & { readonly only?: readonly number[] }>({
    weight: 4,
    often,
    draw: (r) => ({
      target: drawTarget(r),
      ...(r.chance(25) && { only: [1000 + r.below(6), 1000 + r.below(6)] }),
    }),
    says: ({ target, only }) => `reattach ${target}${only === undefined ? '' : `: ${only.join(', ')}`}`,
    command: ({ target, only }, idOf) => ({
      do: 'reattach',
      target: idOf(target),
      ...(only !== undefined && { only }),
    }),
  }),
  clean: asking<{ readonly target?: string }>({
    weight: 2,
    often,
    draw: (r) => (r.chance(60) ? { target: drawTarget(r) } : {}),
    says: ({ target }) => `clean ${target ?? 'all'}`,
    command: ({ target }, idOf) => ({ do: 'clean', ...(target !== undefined && { target: idOf(target) }) }),
  }),
  stopProcess: asking<{ readonly processId: number }>({
    weight: 2,
    draw: (r) => ({ processId: 1000 + r.below(8) }),
    says: ({ processId }) => `stop process ${processId}`,
    command: ({ processId }) => ({ do: 'stopProcess', processId }),
  }),
};
