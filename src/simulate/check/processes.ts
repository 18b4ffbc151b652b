/** I10: a process is asked for once, started or failed or lost once, and ended once; its id is never used again. */
import type { Checker } from './checker.ts';
import { holds } from './violation.ts';

interface Seen {
  started: boolean;
  ended: boolean;
  launchFailed: boolean;
  stopRequested: boolean;
  /** Bytes by operators. */
  typed: number;
}

export interface ProcessChecker extends Checker {
  /** Requested, and not ended. */
  readonly open: () => number[];
  readonly known: (processId: number) => Readonly<Seen> | undefined;
}

export function processes(): ProcessChecker {
  const all = new Map<number, Seen>();
  let last = 999;
  return {
    open: () => [...all].filter(([, seen]) => !seen.ended).map(([id]) => id),
    known: (processId) => all.get(processId),
    before: (_picture, event) => {
      const { position } = event;
      switch (event.type) {
        case 'ProcessRequested': {
          const { processId } = event.data;
          holds(
            processId === last + 1,
            'I10',
            position,
            () => `process ids count up: ${last + 1} is next, not ${processId}`,
          );
          last = processId;
          all.set(processId, { started: false, ended: false, launchFailed: false, stopRequested: false, typed: 0 });
          return;
        }
        case 'ProcessStarted':
        case 'ProcessLaunchFailed': {
          const { processId } = event.data;
          const seen = all.get(processId)!;
          holds(!seen.started && !seen.ended, 'I10', position, () => `process ${processId} has started or ended`);
          seen.started = event.type === 'ProcessStarted';
          seen.ended = seen.launchFailed = event.type === 'ProcessLaunchFailed';
          return;
        }
        case 'ProcessWritten':
          if (event.data.writtenBy === 'operator') all.get(event.data.processId)!.typed += event.data.bytes;
          return;
        case 'ProcessStopRequested': {
          const seen = all.get(event.data.processId)!;
          holds(
            !seen.ended && !seen.stopRequested,
            'I10',
            position,
            () => `process ${event.data.processId} has ended or is being stopped`,
          );
          seen.stopRequested = true;
          return;
        }
        case 'ProcessExited':
        case 'ProcessTerminated':
        case 'ProcessLost': {
          const seen = all.get(event.data.processId)!;
          holds(!seen.ended, 'PR6', position, () => `process ${event.data.processId} has ended before`);
          holds(
            seen.started || event.type === 'ProcessLost',
            'PR3',
            position,
            () => `process ${event.data.processId} ends and its start is not recorded`,
          );
          holds(
            event.type === 'ProcessLost' || seen.stopRequested === (event.type === 'ProcessTerminated'),
            'PR6',
            position,
            () => 'after a request to stop the one end is ProcessTerminated',
          );
          seen.ended = true;
          return;
        }
        default:
      }
    },
  };
}
