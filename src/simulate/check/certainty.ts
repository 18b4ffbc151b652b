/** TU6, RE4, PR1: while no host has died nothing is lost and nothing is uncertain, and an agent that is to run can be loaded. */
import type { Checker } from './checker.ts';
import { holds } from './violation.ts';

export interface Trouble {
  /** A host has died or could not be launched. */
  readonly hostsFail: boolean;
  /** A host is gone in order: what was written to it is not known any more. */
  readonly hostsEnd: boolean;
  /** What models of this world say when they fail; absent: anything. */
  readonly modelErrors?: readonly string[];
}

export function certainty(trouble: Trouble): Checker {
  let stopped = false;
  return {
    before: (_picture, event) => {
      const { position } = event;
      if (event.type === 'SamplingEnded' && event.data.outcome === 'failed') {
        const { error } = event.data;
        holds(
          trouble.modelErrors?.includes(error ?? '') !== false,
          'RE4',
          position,
          () => `no model said this: ${error}`,
        );
      }
      const awake = !stopped || event.type === 'EngineStarted' || event.type === 'PayloadForgotten';
      holds(awake, 'PR1', position, () => `${event.type} comes after EngineStopped`);
      if (event.type === 'EngineStopped') stopped = true;
      if (event.type === 'EngineStarted') stopped = false;
      if (trouble.hostsFail) return;
      if (event.type === 'ProcessLost') holds(false, 'TU6', position, () => `no host has died: ${event.data.reason}`);
      if ((event.type === 'ToolCallEnded' || event.type === 'CellToolEnded') && !trouble.hostsEnd)
        holds(
          event.data.outcome !== 'indeterminate',
          'TU6',
          position,
          () => 'no host has died, and the outcome is uncertain',
        );
      if (event.type === 'ProcessLaunchFailed')
        holds(
          !/host|connection/.test(event.data.error),
          'TU6',
          position,
          () => `no host has died: ${event.data.error}`,
        );
    },
  };
}
