/** A history as a person reads it: the fleet in one line, then one line per step. */
import type { History, Step } from './history.ts';

function act(step: Step): string {
  switch (step.do) {
    case 'spawnRoot':
      return `spawn root ${step.name ?? '(unnamed)'}${step.wake ? ', woken by completions' : ''}${step.model === undefined ? '' : `, model ${step.model}`}`;
    case 'send':
      return `${step.followup ? 'follow up' : 'message'} ${step.target}: ${JSON.stringify(step.text)}`;
    case 'interrupt':
      return `interrupt ${step.target}${step.cascade ? ' and all below' : ''}`;
    case 'close':
    case 'evict':
      return `${step.do} ${step.target}`;
    case 'changeLimits':
      return `change limits ${JSON.stringify(step.limits)}`;
    case 'crash':
      return `crash ${step.synced ? 'after' : 'before'} the sync${step.skewMs === 0 ? '' : `, clock off by ${step.skewMs} ms`}`;
    case 'killHost':
      return `kill the host${step.childrenToo ? ' and its children' : ''}`;
    case 'look':
      return 'read the state';
    case 'restart':
      return 'stop in order and resume';
  }
}

const line = (step: Step, i: number): string => {
  const after = step.after === 0 ? '' : `after ${step.after} completion${step.after === 1 ? '' : 's'}: `;
  return `${String(i + 1).padStart(4)}. ${after}${act(step)}${step.key === undefined ? '' : ` [key ${step.key}]`}`;
};

export function described({ seed, setup, steps, plant }: History): string {
  const { limits, onCrash, attempts, roots, disk, models } = setup;
  return [
    plant === undefined ? `seed ${seed}` : `seed ${seed}, planted defect ${plant}`,
    `limits ${JSON.stringify(limits)}, on crash ${onCrash}, ${attempts} attempts`,
    `roots ${JSON.stringify(roots)}`,
    `disk ${JSON.stringify(disk)}, models ${JSON.stringify(models)}`,
    ...steps.map(line),
  ].join('\n');
}
