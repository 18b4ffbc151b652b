/** I10: a process is asked for once, started or failed or lost once, and ended once; its id is never used again. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import type { Picture } from './picture.ts';
import { holds } from './violation.ts';

export interface Seen {
  readonly processId: number;
  readonly agentId: string;
  readonly rootId: string;
  readonly notify: boolean;
  /** `turnId/callId` of the call that asked for it. */
  readonly call: string;
  started: boolean;
  ended: boolean;
  launchFailed: boolean;
  stopRequested: boolean;
  /** Bytes by operators. */
  typed: number;
  place: 'attached' | 'detached';
  /** The operator has taken it away; it does not come back by itself. */
  takenAway: boolean;
  /** Its agent has been told of its end. */
  told: boolean;
  /** Position of its start or newest call. */
  used: number;
}

export interface ProcessChecker extends Checker {
  readonly all: ReadonlyMap<number, Readonly<Seen>>;
  /** Requested, and not ended. */
  readonly open: () => number[];
  readonly known: (processId: number) => Readonly<Seen> | undefined;
  /** Calls that may have sent something, by process. */
  readonly writes: ReadonlyMap<number, number>;
}

export function processes(): ProcessChecker {
  const all = new Map<number, Seen>();
  const writes = new Map<number, number>();
  /** Questions whether something may be typed. */
  const typing = new Set<string>();
  const writesTo = (processId: number) => writes.set(processId, (writes.get(processId) ?? 0) + 1);
  const calls = new Set<string>();
  let last = 999;

  function request(picture: Picture, { data, position }: Extract<HoldfastEvent, { type: 'ProcessRequested' }>): void {
    const { processId, agentId, rootId, requestId, notifyOnExit } = data;
    holds(processId === last + 1, 'I10', position, () => `process ids count up: ${last + 1} is next, not ${processId}`);
    holds(!calls.has(requestId), 'TU6', position, () => `${requestId} asks for a second process`);
    calls.add(requestId);
    last = processId;
    all.set(processId, {
      ...{ processId, agentId, rootId, call: requestId, notify: notifyOnExit === true },
      ...{ started: false, ended: false, launchFailed: false, stopRequested: false, typed: 0 },
      // A cell goes on without its agent in memory.
      place: picture.agent(agentId).resident ? 'attached' : 'detached',
      ...{ takenAway: false, told: false, used: position },
    });
  }

  function end(event: HoldfastEvent, seen: Seen): void {
    const { position, type } = event;
    const { processId, started } = seen;
    holds(!seen.ended, 'PR6', position, () => `process ${processId} has ended before`);
    const lost = type === 'ProcessLost';
    holds(started || lost, 'PR3', position, () => `process ${processId} ends and its start is not recorded`);
    holds(
      lost || seen.stopRequested === (type === 'ProcessTerminated'),
      'PR6',
      position,
      () => 'after a request to stop the one end is ProcessTerminated',
    );
    if (event.type === 'ProcessExited' || event.type === 'ProcessTerminated')
      holds(event.data.place === seen.place, 'PR6', position, () => `process ${processId} ends ${seen.place}`);
    seen.ended = true;
  }

  function move(event: Extract<HoldfastEvent, { type: 'ProcessDetached' | 'ProcessReattached' }>, seen: Seen): void {
    const to = event.type === 'ProcessDetached' ? 'detached' : 'attached';
    const { position } = event;
    holds(!seen.ended, 'I10', position, () => `process ${seen.processId} has ended and is ${to}`);
    holds(seen.place !== to, 'I10', position, () => `process ${seen.processId} is ${to} already`);
    seen.place = to;
    seen.takenAway = event.type === 'ProcessDetached' && event.data.reason === 'operator';
  }

  return {
    all,
    writes,
    open: () => [...all].filter(([, seen]) => !seen.ended).map(([id]) => id),
    known: (processId) => all.get(processId),
    before: (picture, event) => {
      const { position } = event;
      switch (event.type) {
        case 'ProcessRequested':
          request(picture, event);
          return;
        case 'ToolCallStarted': {
          const { processId, tool, args } = event.data;
          const seen = processId === undefined ? undefined : all.get(processId);
          if (seen !== undefined) seen.used = position;
          const chars = (args as { chars?: string } | null)?.chars ?? '';
          if (processId !== undefined && tool === 'write_stdin' && chars !== '') writesTo(processId);
          return;
        }
        case 'CellToolStarted': {
          const { processId } = event.data;
          const seen = processId === undefined ? undefined : all.get(processId);
          if (seen !== undefined) seen.used = position;
          if (processId !== undefined) writesTo(processId);
          return;
        }
        case 'ApprovalAsked':
          if (event.data.tool === 'write_stdin') typing.add(event.data.approvalId);
          return;
        case 'ApprovalAnswered': {
          const { approvalId, processId } = event.data;
          if (processId !== undefined && typing.has(approvalId)) writesTo(processId);
          return;
        }
        case 'ProcessStarted':
        case 'ProcessLaunchFailed': {
          const seen = all.get(event.data.processId)!;
          const { processId } = seen;
          holds(!seen.started && !seen.ended, 'I10', position, () => `process ${processId} has started or ended`);
          if (event.type === 'ProcessStarted') seen.started = true;
          else {
            seen.ended = true;
            seen.launchFailed = true;
          }
          return;
        }
        case 'ProcessWritten':
          if (event.data.writtenBy === 'operator') all.get(event.data.processId)!.typed += event.data.bytes;
          return;
        case 'ProcessStopRequested': {
          const seen = all.get(event.data.processId)!;
          const open = !seen.ended && !seen.stopRequested;
          holds(open, 'I10', position, () => `process ${seen.processId} has ended or is being stopped`);
          seen.stopRequested = true;
          return;
        }
        case 'ProcessExited':
        case 'ProcessTerminated':
        case 'ProcessLost':
          end(event, all.get(event.data.processId)!);
          return;
        case 'ProcessDetached':
        case 'ProcessReattached':
          move(event, all.get(event.data.processId)!);
          return;
        default:
      }
    },
  };
}
