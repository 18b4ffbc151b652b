/** Processes: asked for, running, ended; who owns them and how far their output has been read. */
import type { Reducers } from './reducers.ts';
import type { Process, ProcessEnd, State } from './state.ts';
import { numbered, table } from './table.ts';

interface Read {
  readonly data: { readonly agentId: string; readonly read?: { readonly processId: number; readonly to: number } };
}

function noteRead(draft: State, { data: { agentId, read } }: Read): void {
  const process = read === undefined ? undefined : draft.processes.all[read.processId];
  if (process !== undefined) process.cursors[agentId] = read!.to;
}

function end(draft: State, processId: number, how: ProcessEnd): void {
  const process = draft.processes.all[processId]!;
  process.end = how;
  const live = draft.processes.live[process.agentId]!;
  delete live[processId];
  if (Object.keys(live).length === 0) delete draft.processes.live[process.agentId];
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
      place: 'attached',
      written: 0,
      cursors: table(),
    };
    if (data.turnId !== undefined) process.turnId = data.turnId;
    if (data.callId !== undefined) process.callId = data.callId;
    if (data.cellId !== undefined) process.cellId = data.cellId;
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
    draft.processes.all[data.processId]!.place = 'detached';
  },
  ProcessReattached: (draft, { data }) => {
    draft.processes.all[data.processId]!.place = 'attached';
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
  ToolCallEnded: noteRead,
  CellToolEnded: noteRead,
};
