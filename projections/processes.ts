/** Processes: asked for, running, ended; who owns them and how far their output has been read. */
import type { Reducers } from './reducers.ts';
import type { Process, ProcessEnd, State } from './state.ts';
import { isEmpty, numbered, table } from './table.ts';

/** Of a call, by a turn or a cell. */
interface Told {
  readonly data: {
    readonly agentId: string;
    readonly read?: { readonly processId: number; readonly to: number };
    readonly ended?: number;
  };
}

function noteTold(draft: State, { data: { agentId, read, ended } }: Told): void {
  if (ended !== undefined) forget(draft.processes.untold, agentId, ended);
  const process = read === undefined ? undefined : draft.processes.all[read.processId];
  // Of two calls at once the later may have read less.
  if (process !== undefined) process.cursors[agentId] = Math.max(process.cursors[agentId] ?? 0, read!.to);
}

interface Calling {
  readonly data: { readonly processId?: number };
  readonly position: number;
}

function noteUse(draft: State, { data: { processId }, position }: Calling): void {
  const process = processId === undefined ? undefined : draft.processes.all[processId];
  if (process !== undefined) process.used = position;
}

/** Takes one thing away from what an agent has of a kind. */
function forget(of: Record<string, Record<string, true>>, agentId: string, processId: number): void {
  const some = of[agentId];
  if (some === undefined) return;
  delete some[processId];
  if (isEmpty(some)) delete of[agentId];
}

function end(draft: State, processId: number, how: ProcessEnd): void {
  const process = draft.processes.all[processId]!;
  process.end = how;
  const { agentId } = process;
  if (process.notify) {
    const { notifying, untold } = draft.processes;
    if (notifying[agentId] === 1) delete notifying[agentId];
    else notifying[agentId]! -= 1;
    if (draft.agents[agentId]!.last.is !== 'closed') (untold[agentId] ??= {})[processId] = true;
  }
  forget(draft.processes.live, agentId, processId);
  draft.processes.count[process.rootId]! -= 1;
}

const none = { code: null, signal: null, outputBytes: 0 };

export const processes: Reducers = {
  ProcessRequested: (draft, { data, position, at }) => {
    const process: Process = {
      processId: data.processId,
      agentId: data.agentId,
      rootId: data.rootId,
      requestId: data.requestId,
      hostId: data.hostId,
      command: [...data.command],
      cwd: data.cwd,
      tty: data.tty,
      onInterrupt: data.onInterrupt,
      position,
      at,
      place: draft.residents.present[data.agentId] === undefined ? 'detached' : 'attached',
      used: position,
      written: 0,
      cursors: table(),
    };
    if (data.turnId !== undefined) process.turnId = data.turnId;
    if (data.callId !== undefined) process.callId = data.callId;
    if (data.cellId !== undefined) process.cellId = data.cellId;
    if (process.place === 'detached') process.detached = 'evicted';
    if (data.pruned !== undefined) process.pruned = [...data.pruned];
    if (data.notifyOnExit === true) {
      process.notify = true;
      draft.processes.notifying[data.agentId] = (draft.processes.notifying[data.agentId] ?? 0) + 1;
    }
    draft.processes.all[data.processId] = process;
    (draft.processes.live[data.agentId] ??= numbered())[data.processId] = true;
    draft.processes.count[data.rootId] = (draft.processes.count[data.rootId] ?? 0) + 1;
  },
  ProcessStarted: (draft, { data }) => {
    const process = draft.processes.all[data.processId]!;
    process.pid = data.pid;
    process.group = data.group;
    process.startTime = data.startTime;
    process.bootId = data.bootId;
  },
  ProcessLaunchFailed: (draft, { data, at, position }) =>
    end(draft, data.processId, { how: 'launch-failed', ...none, at, position, reason: data.error }),
  ProcessWritten: (draft, { data }) => {
    const process = draft.processes.all[data.processId]!;
    process.written += data.bytes;
    if (data.writtenBy === 'operator') process.typed = (process.typed ?? 0) + data.bytes;
  },
  ProcessDetached: (draft, { data }) => {
    const process = draft.processes.all[data.processId]!;
    process.place = 'detached';
    process.detached = data.reason;
  },
  ProcessReattached: (draft, { data }) => {
    const process = draft.processes.all[data.processId]!;
    process.place = 'attached';
    delete process.detached;
  },
  ProcessStopRequested: (draft, { data }) => {
    draft.processes.all[data.processId]!.stop = data.reason;
  },
  ProcessExited: (draft, { data, at, position }) => {
    const { code, signal, outputBytes } = data;
    end(draft, data.processId, { how: 'exited', code, signal, outputBytes, at, position });
  },
  ProcessTerminated: (draft, { data, at, position }) => {
    const { code, signal, outputBytes } = data;
    end(draft, data.processId, { how: 'terminated', code, signal, outputBytes, at, position });
  },
  ProcessLost: (draft, { data, at, position }) =>
    end(draft, data.processId, { how: 'lost', ...none, at, position, reason: data.reason }),
  MailAccepted: (draft, { data }) => {
    if (data.ofProcess !== undefined) forget(draft.processes.untold, data.to, data.ofProcess);
  },
  AgentClosed: (draft, { data }) => {
    delete draft.processes.untold[data.agentId];
  },
  ToolCallStarted: noteUse,
  CellToolStarted: noteUse,
  ToolCallEnded: noteTold,
  CellToolEnded: noteTold,
};
