/** From a history that fails to the shortest that still does: steps left out, waits made shorter, kinds of trouble switched off. */
import type { History, Setup, Step } from './history.ts';
import { kindOf } from './steps/kinds.ts';

/** Simpler histories, the boldest first. */
export function* simpler(history: History): Generator<History> {
  const { steps } = history;
  for (let size = steps.length; size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let at = 0; at < steps.length; at += size)
      yield { ...history, steps: [...steps.slice(0, at), ...steps.slice(at + size)] };
  }
  for (const setup of calmer(history.setup)) yield { ...history, setup };
  for (const [i, step] of steps.entries()) {
    for (const plainer of plainerSteps(step)) yield { ...history, steps: steps.with(i, plainer) };
  }
}

function* calmer(setup: Setup): Generator<Setup> {
  const { disk, models, registrar, ...rest } = setup;
  const { approvals, ...unattended } = setup;
  if (approvals !== undefined) yield unattended;
  const { spending, ...lavish } = setup;
  if (spending !== undefined) yield lavish;
  const { workspaces, ...together } = setup;
  if (workspaces !== undefined) yield { ...together, roots: setup.roots.map(({ workspace: _, ...root }) => root) };
  for (const key of ['slow', 'fail'] as const) if (disk[key] > 0) yield { ...setup, disk: { ...disk, [key]: 0 } };
  const { frames, ...whole } = disk;
  if (frames === true) yield { ...setup, disk: whole };
  for (const key of ['absurd', 'fails', 'hangs', 'late', 'clings'] as const)
    if (models[key] > 0) yield { ...setup, models: { ...models, [key]: 0 } };
  if (registrar !== undefined) {
    yield { ...rest, disk, models };
    for (const key of ['slow', 'fails', 'hangs', 'ttlMs'] as const)
      if (registrar[key] > 0) yield { ...setup, registrar: { ...registrar, [key]: 0 } };
  }
  const { redact, snapshotEvery, ...plain } = setup;
  if (redact !== undefined || snapshotEvery !== undefined) yield plain;
  if (setup.roots.length > 1) yield { ...setup, roots: setup.roots.slice(0, 1) };
}

export function* plainerSteps(step: Step): Generator<Step> {
  for (let after = step.after >> 1; after < step.after; after += Math.max(1, (step.after - after) >> 1))
    yield { ...step, after };
  if (step.key !== undefined) {
    const { key: _, ...plain } = step;
    yield plain as Step;
  }
  yield* kindOf(step).plainer?.(step) ?? [];
}

/** Asks `fails` at most `triesMax` times. */
export async function shrunk(
  history: History,
  fails: (history: History) => Promise<boolean>,
  triesMax = 2_000,
): Promise<History> {
  let best = history;
  let tries = 0;
  for (let found = true; found; ) {
    found = false;
    for (const candidate of simpler(best)) {
      tries += 1;
      if (tries > triesMax) return best;
      if (!(await fails(candidate))) continue;
      best = candidate;
      found = true;
      break;
    }
  }
  return best;
}
