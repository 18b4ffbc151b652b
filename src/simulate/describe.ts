/** A history as a person reads it: the fleet in one line, then one line per step. */
import type { History, Step } from './history.ts';
import { says } from './steps/kinds.ts';

const line = (step: Step, i: number): string => {
  const after = step.after === 0 ? '' : `after ${step.after} completion${step.after === 1 ? '' : 's'}: `;
  return `${String(i + 1).padStart(4)}. ${after}${says(step)}${step.key === undefined ? '' : ` [key ${step.key}]`}`;
};

export function described({ seed, setup, steps, plant }: History): string {
  const { limits, onCrash, attempts, roots, disk, models, registrar, redact, snapshotEvery, spending, workspaces } =
    setup;
  return [
    plant === undefined ? `seed ${seed}` : `seed ${seed}, planted defect ${plant}`,
    `limits ${JSON.stringify(limits)}, on crash ${onCrash}, ${attempts} attempts`,
    `roots ${JSON.stringify(roots)}`,
    `disk ${JSON.stringify(disk)}, models ${JSON.stringify(models)}`,
    ...(registrar === undefined ? [] : [`registrar ${JSON.stringify(registrar)}`]),
    ...(spending === undefined ? [] : [`spending ${JSON.stringify(spending)}`]),
    ...(workspaces === undefined ? [] : [`worktrees ${JSON.stringify(workspaces)}`]),
    ...(redact === true ? ['secrets are taken out of the log'] : []),
    ...(snapshotEvery === undefined ? [] : [`a snapshot every ${snapshotEvery} events`]),
    ...steps.map(line),
  ].join('\n');
}
