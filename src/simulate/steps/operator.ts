/** What operators ask of a fleet. */
import type { Random } from '../random.ts';
import { drawSecret } from '../secrets.ts';
import { asking } from './step.ts';
import { drawTarget } from './targets.ts';

export interface SpawnRoot {
  readonly name?: string;
  readonly wake: boolean;
  readonly model?: string;
}
export interface Send {
  readonly target: string;
  readonly text: string;
  readonly followup: boolean;
}
export interface OfTarget {
  readonly target: string;
}
export interface ChangeLimits {
  readonly limits: Readonly<Record<string, unknown>>;
}

function drawLimits(r: Random): Record<string, unknown> {
  const limits: Record<string, unknown> = {};
  if (r.chance(60)) limits.activeTurns = r.below(5);
  if (r.chance(40)) limits.whenFull = r.pick(['refuse', 'queue']);
  if (r.chance(40)) limits.residents = r.below(6);
  if (r.chance(10)) limits.processes = r.below(4);
  if (r.chance(10)) limits.onFull = r.pick(['refuse', 'prune']);
  if (r.chance(10)) limits.depth = r.below(4);
  if (r.chance(5)) limits[r.pick(['colour', 'activeTurns', 'whenFull'])] = r.pick([-1, 1.5, 'x', null]);
  return limits;
}

export const operatorSteps = {
  send: asking<Send>({
    weight: 46,
    draw: (r) => ({
      target: drawTarget(r),
      text: r.chance(2) ? ' ' : r.chance(5) ? drawSecret(r) : `go ${r.below(9)}`,
      followup: r.chance(70),
    }),
    says: ({ target, text, followup }) => `${followup ? 'follow up' : 'message'} ${target}: ${JSON.stringify(text)}`,
    command: ({ target, text, followup }, idOf) => ({ do: 'send', target: idOf(target), text, followup }),
  }),
  interrupt: asking<OfTarget & { readonly cascade: boolean }>({
    weight: 12,
    draw: (r) => ({ target: drawTarget(r), cascade: r.chance(30) }),
    says: ({ target, cascade }) => `interrupt ${target}${cascade ? ' and all below' : ''}`,
    command: ({ target, cascade }, idOf) => ({ do: 'interrupt', target: idOf(target), cascade }),
  }),
  spawnRoot: asking<SpawnRoot>({
    weight: 3,
    draw: (r) => ({
      wake: r.chance(40),
      ...(r.chance(40) && { name: `root${r.below(3)}` }),
      ...(r.chance(10) && { model: 'nobody' }),
    }),
    says: ({ name = '(unnamed)', wake, model }) =>
      `spawn root ${name}${wake ? ', woken by completions' : ''}${model === undefined ? '' : `, model ${model}`}`,
    command: ({ wake, name, model = 'script' }) => ({
      do: 'spawnRoot',
      cwd: '/work',
      prompt: 'begin',
      wake,
      model,
      ...(name !== undefined && { name }),
    }),
  }),
  close: asking<OfTarget>({
    weight: 5,
    without: 50,
    draw: (r) => ({ target: drawTarget(r) }),
    says: ({ target }) => `close ${target}`,
    command: ({ target }, idOf) => ({ do: 'close', target: idOf(target) }),
  }),
  evict: asking<OfTarget>({
    weight: 5,
    draw: (r) => ({ target: drawTarget(r) }),
    says: ({ target }) => `evict ${target}`,
    command: ({ target }, idOf) => ({ do: 'evict', target: idOf(target) }),
  }),
  changeLimits: asking<ChangeLimits>({
    weight: 6,
    without: 50,
    draw: (r) => ({ limits: drawLimits(r) }),
    says: ({ limits }) => `change limits ${JSON.stringify(limits)}`,
    command: ({ limits }) => ({ do: 'changeLimits', limits }),
  }),
};
