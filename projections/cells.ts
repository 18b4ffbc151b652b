/** Cells: what they asked for, what came in, where they stand, how they ended; and the versions of what they have stored. */
import { openCall, refOf } from './calls.ts';
import type { Reducers } from './reducers.ts';
import type { Cell, CellEnd, State } from './state.ts';
import { isEmpty, numbered, table } from './table.ts';

/** It waits for a resume, and none is under way. */
export const isPaused = (cell: Cell): boolean => cell.frontier !== undefined && cell.frontier.resume === undefined;

/** Something came in, or it was created or resumed, and what that did is not recorded yet. */
export const isRunning = (cell: Cell): boolean =>
  cell.end === undefined && !isPaused(cell) && (cell.drains <= cell.inputs || cell.frontier !== undefined);

/** It goes on by itself: it runs, or what it waits for will come from outside. */
export const isBusy = (cell: Cell): boolean =>
  isRunning(cell) || (cell.end === undefined && !isPaused(cell) && (cell.open > cell.waits || !isEmpty(cell.timers)));

/** SL10: quiescent, and all its calls are unanswered `wait_agent`s. */
export const isInWait = (cell: Cell | undefined): boolean =>
  cell !== undefined && cell.end === undefined && cell.waits > 0 && !isBusy(cell) && !isPaused(cell);

function end(draft: State, cellId: string, how: CellEnd): void {
  const cell = draft.cells.all[cellId]!;
  cell.end = how;
  cell.timers = table();
  cell.undecided = [];
  const live = draft.cells.live[cell.agentId]!;
  delete live[cellId];
  if (isEmpty(live)) delete draft.cells.live[cell.agentId];
  draft.cells.count[cell.rootId]! -= 1;
  if (draft.cells.count[cell.rootId] === 0) delete draft.cells.count[cell.rootId];
}

/** Calls are decided in their order, so the first is the one as a rule. */
function decided({ undecided }: Cell, callId: string): void {
  const at = undecided.indexOf(callId);
  if (at >= 0) undecided.splice(at, 1);
}

const nothing = { processes: [], conflicts: [] };

export const cells: Reducers = {
  CellCreated: (draft, { data, position, at }) => {
    const { cellId, agentId, rootId, policy, turnId, callId } = data;
    const cell: Cell = {
      cellId,
      agentId,
      rootId,
      policy,
      position,
      at,
      calls: table(),
      open: 0,
      undecided: [],
      waits: 0,
      timers: table(),
      inputs: 0,
      drains: 0,
      offset: 0,
      yields: [],
      generation: 0,
      cursors: table(),
    };
    if (turnId !== undefined && callId !== undefined) cell.madeBy = { turnId, callId };
    draft.cells.all[cellId] = cell;
    (draft.cells.live[agentId] ??= numbered())[cellId] = true;
    draft.cells.count[rootId] = (draft.cells.count[rootId] ?? 0) + 1;
  },
  CellToolRequested: (draft, { data, position, at }) => {
    const cell = draft.cells.all[data.cellId]!;
    const { callId, tool, args } = data;
    cell.calls[callId] = { callId, tool, args: args ?? null, position, at };
    cell.undecided.push(callId);
    cell.open += 1;
  },
  CellToolStarted: (draft, { data, at }) => {
    const cell = draft.cells.all[data.cellId]!;
    const call = cell.calls[data.callId]!;
    decided(cell, data.callId);
    // What it waits for is counted from here.
    call.at = at;
    if (data.until !== undefined) call.until = data.until;
    if (data.processId !== undefined) call.processId = data.processId;
    if (call.tool === 'wait_agent') cell.waits += 1;
  },
  CellToolEnded: (draft, { data }) => {
    const cell = draft.cells.all[data.cellId]!;
    const call = cell.calls[data.callId]!;
    if (call.tool === 'wait_agent' && !cell.undecided.includes(data.callId)) cell.waits -= 1;
    decided(cell, data.callId);
    delete cell.calls[data.callId];
    cell.open -= 1;
    cell.inputs += 1;
  },
  CellTimerFired: (draft, { data }) => {
    const cell = draft.cells.all[data.cellId]!;
    delete cell.timers[data.timerId];
    cell.inputs += 1;
  },
  CellOutput: (draft, { data }) => {
    draft.cells.all[data.cellId]!.offset = data.offset;
  },
  CellYielded: (draft, { data }) => {
    draft.cells.all[data.cellId]!.yields.push(data.offset);
  },
  CellDrained: (draft, { data, at }) => {
    const cell = draft.cells.all[data.cellId]!;
    cell.drains = data.drain + 1;
    for (const { timerId, delayMs } of data.timers) cell.timers[timerId] = at + delayMs;
    for (const timerId of data.clearedTimers) delete cell.timers[timerId];
  },
  FrontierReached: (draft, { data, position, at }) => {
    const cell = draft.cells.all[data.cellId]!;
    const { generation, pending, offset } = data;
    cell.generation = generation;
    cell.frontier = { generation, pending: [...pending], offset, position, at, observedBy: table() };
  },
  FrontierObserved: (draft, { data }) => {
    const { frontier } = draft.cells.all[data.cellId]!;
    if (frontier?.generation === data.generation) frontier.observedBy[data.observedBy] = true;
  },
  ResumeRequested: (draft, { data, position }) => {
    draft.cells.all[data.cellId]!.frontier!.resume = position;
  },
  FrontierResumed: (draft, { data }) => {
    delete draft.cells.all[data.cellId]!.frontier;
  },
  ResumeFailed: (draft, { data, position }) => {
    const cell = draft.cells.all[data.cellId]!;
    delete cell.frontier!.resume;
    cell.resumeFailed = { generation: data.generation, reason: data.reason, position };
  },
  CellCompleted: (draft, { data, at, position }) => {
    const { cellId, error, processes, conflicts } = data;
    const how: CellEnd = { how: 'completed', at, position, processes: [...processes], conflicts: [...conflicts] };
    if (error !== undefined) Object.assign(how, { how: 'failed', reason: error.code, error: error.text });
    end(draft, cellId, how);
  },
  CellTerminated: (draft, { data, at, position }) =>
    end(draft, data.cellId, {
      ...nothing,
      how: 'terminated',
      at,
      position,
      reason: data.reason,
      processes: [...data.processes],
    }),
  CellLost: (draft, { data, at, position }) =>
    end(draft, data.cellId, {
      ...nothing,
      how: 'lost',
      at,
      position,
      reason: data.reason,
      processes: [...data.processes],
    }),
  StoreCommitted: (draft, { data, position }) => {
    const versions = (draft.stores[data.agentId] ??= table());
    for (const key of Object.keys(data.writes)) versions[key] = position;
  },
  AgentClosed: (draft, { data }) => {
    delete draft.stores[data.agentId];
  },
  ProcessWritten: (draft, { data }) => {
    const ref = refOf(data.requestId);
    const call = ref !== undefined && 'cellId' in ref ? openCall(draft, ref) : undefined;
    if (call !== undefined) call.written = true;
  },
  ToolCallEnded: (draft, { data }) => {
    const cell = data.readCell === undefined ? undefined : draft.cells.all[data.readCell.cellId];
    if (cell !== undefined) cell.cursors[data.agentId] = data.readCell!.to;
  },
};
