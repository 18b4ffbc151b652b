/** A process in the picture: whose it is, where it is, and whether somebody waits for its end. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { KnownAgent, Picture } from './picture.ts';

export interface KnownProcess {
  readonly processId: number;
  readonly agent: KnownAgent;
  readonly notify: boolean;
  place: 'attached' | 'detached';
  stopping: boolean;
  ended: boolean;
}

/** A turn in wait of this agent goes on by itself: one of its processes will notify it. */
export const willBeNotified = ({ processes }: KnownAgent): boolean => {
  for (const { notify } of processes.values()) if (notify) return true;
  return false;
};

export function addProcess(picture: Picture, event: HoldfastEvent): void {
  if (event.type === 'ProcessRequested') {
    const { processId, agentId, notifyOnExit } = event.data;
    const agent = picture.agent(agentId);
    const place = agent.resident ? ('attached' as const) : ('detached' as const);
    const more = { place, stopping: false, ended: false };
    const process = { processId, agent, notify: notifyOnExit === true, ...more };
    picture.processes.set(processId, process);
    agent.processes.set(processId, process);
    return;
  }
  const process = picture.processes.get((event.data as { readonly processId: number }).processId)!;
  switch (event.type) {
    case 'ProcessDetached':
      process.place = 'detached';
      return;
    case 'ProcessReattached':
      process.place = 'attached';
      return;
    case 'ProcessStopRequested':
      process.stopping = true;
      return;
    case 'ProcessLaunchFailed':
    case 'ProcessExited':
    case 'ProcessTerminated':
    case 'ProcessLost':
      process.ended = true;
      process.agent.processes.delete(process.processId);
      return;
    default:
  }
}
