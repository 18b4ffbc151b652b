/** Who is busy and who waits in which tree (MA5): follows from turns and cells as they are after each of their events. */
import { isBusy, isInWait } from './cells.ts';
import type { Reducers } from './reducers.ts';
import type { Activity, State, Turn } from './state.ts';
import { table } from './table.ts';

const emptyActivity = (): Activity => ({
  busy: table(),
  busyCount: 0,
  waiting: table(),
  waitingCount: 0,
});

/** Its open calls wait for mail only: `wait_agent`s, and cells that do nothing else (SL10). */
const waitsOnly = (state: State, turn: Turn): boolean =>
  turn.open === turn.waits ||
  Object.values(turn.calls).every(
    ({ tool, cellId }) => tool === 'wait_agent' || (cellId !== undefined && isInWait(state.cells.all[cellId])),
  );

/** MA5: all its open calls are unanswered waits, and nothing of its list is undecided. */
export const inWait = (state: State, turn: Turn): boolean =>
  turn.phase === 'calling' && turn.pending.length === 0 && turn.open > 0 && waitsOnly(state, turn);

/** The name of a cell among those who are busy or wait. */
export const cellKey = (cellId: string): string => `cell-${cellId}`;

function note(draft: State, agentId: string, key: string, busy: boolean, waiting: boolean): void {
  const activity = draft.activity[draft.agents[agentId]!.rootId]!;
  activity.busyCount += mark(activity.busy, key, busy);
  activity.waitingCount += mark(activity.waiting, key, waiting);
}

/** Says by how much the set grew. */
function mark(set: Record<string, true>, key: string, member: boolean): number {
  if (member === (set[key] !== undefined)) return 0;
  if (member) set[key] = true;
  else delete set[key];
  return member ? 1 : -1;
}

interface OfTurn {
  readonly data: { readonly turnId: string; readonly agentId: string };
}

/** Whoever is in wait goes on by itself when a process of its agent will notify it: that counts as busy (MA5). */
const willBeNotified = (state: State, agentId: string): boolean => state.processes.notifying[agentId] !== undefined;

function noteTurn(draft: State, { data: { turnId, agentId } }: OfTurn): void {
  const turn = draft.turns[turnId];
  const busy = turn !== undefined && (!inWait(draft, turn) || willBeNotified(draft, agentId));
  note(draft, agentId, turnId, busy, turn !== undefined && turn.waits > 0);
}

interface OfCell {
  readonly data: { readonly cellId: string; readonly agentId: string };
}

/** The agent's turn may wait for this cell. */
function noteCell(draft: State, { data: { cellId, agentId } }: OfCell): void {
  const cell = draft.cells.all[cellId]!;
  const busy = isBusy(cell);
  mark(draft.cells.busy, cellId, busy);
  const notified = isInWait(cell) && willBeNotified(draft, agentId);
  note(draft, agentId, cellKey(cellId), busy || notified, cell.end === undefined && cell.waits > 0);
  const turn = draft.turns[draft.agents[agentId]!.turnId ?? ''];
  if (turn !== undefined && turn.open > turn.waits) noteTurn(draft, { data: turn });
}

/** A process that notifies may have come or gone. */
function noteAgent(draft: State, { data: { agentId } }: { readonly data: { readonly agentId: string } }): void {
  for (const cellId in draft.cells.live[agentId]) noteCell(draft, { data: { cellId, agentId } });
  const turnId = draft.agents[agentId]!.turnId;
  if (turnId !== undefined) noteTurn(draft, { data: { turnId, agentId } });
}

export const activity: Reducers = {
  AgentSpawned: (draft, { data }) => {
    if (data.parentId === undefined) draft.activity[data.agentId] = emptyActivity();
  },
  TurnStarted: noteTurn,
  ModelSampled: noteTurn,
  ToolCallStarted: noteTurn,
  ToolCallEnded: noteTurn,
  TurnCompleted: noteTurn,
  TurnFailed: noteTurn,
  TurnInterrupted: noteTurn,
  CellCreated: noteCell,
  CellToolRequested: noteCell,
  CellToolStarted: noteCell,
  CellToolEnded: noteCell,
  CellTimerFired: noteCell,
  CellDrained: noteCell,
  FrontierReached: noteCell,
  ResumeRequested: noteCell,
  FrontierResumed: noteCell,
  ResumeFailed: noteCell,
  CellCompleted: noteCell,
  CellTerminated: noteCell,
  CellLost: noteCell,
  ProcessRequested: noteAgent,
  ProcessLaunchFailed: noteAgent,
  ProcessExited: noteAgent,
  ProcessTerminated: noteAgent,
  ProcessLost: noteAgent,
};
