/** Unfinished turns: their samplings and calls, and who is busy in which tree. */
import type { Reducers } from './reducers.ts';
import type { Activity, Call, State, Turn } from './state.ts';
import { table } from './table.ts';

export const emptyActivity = (): Activity => ({
  busy: table(),
  busyCount: 0,
  waiting: table(),
  waitingCount: 0,
});

/** MA5: all its open calls are unanswered `wait_agent`s, and nothing of its list is undecided. */
export const inWait = (turn: Turn): boolean =>
  turn.phase === 'calling' && turn.pending.length === 0 && turn.open > 0 && turn.open === turn.waits;

/** A parked turn whose wait has ended goes on as soon as it gets a slot (SL10). */
export const wantsUnpark = (turn: Turn): boolean => turn.parked !== undefined && turn.open === 0;

function note(draft: State, turn: Turn): void {
  const activity = draft.activity[turn.rootId]!;
  activity.busyCount += mark(activity.busy, turn.turnId, !inWait(turn));
  activity.waitingCount += mark(activity.waiting, turn.turnId, turn.waits > 0);
}

/** Says by how much the set grew. */
function mark(set: Record<string, true>, turnId: string, member: boolean): number {
  if (member === (set[turnId] !== undefined)) return 0;
  if (member) set[turnId] = true;
  else delete set[turnId];
  return member ? 1 : -1;
}

function end(draft: State, { data }: { data: { turnId: string } }): void {
  const turn = draft.turns[data.turnId]!;
  const activity = draft.activity[turn.rootId]!;
  activity.busyCount += mark(activity.busy, turn.turnId, false);
  activity.waitingCount += mark(activity.waiting, turn.turnId, false);
  delete draft.turns[data.turnId];
}

/** A request of a call is named `turnId/callId`. */
export function callOf(state: State, requestId: string): Call | undefined {
  const slash = requestId.indexOf('/');
  return slash < 0 ? undefined : state.turns[requestId.slice(0, slash)]?.calls[requestId.slice(slash + 1)];
}

export const turns: Reducers = {
  AgentSpawned: (draft, { data }) => {
    if (data.parentId === undefined) draft.activity[data.agentId] = emptyActivity();
  },
  TurnStarted: (draft, { data, position, at }) => {
    const turn: Turn = {
      turnId: data.turnId,
      agentId: data.agentId,
      rootId: data.rootId,
      position,
      at,
      phase: 'sampling',
      failures: 0,
      pending: [],
      calls: table(),
      callIds: table(),
      open: 0,
      waits: 0,
      fresh: [],
    };
    if (data.reservationId !== undefined) turn.reservationId = data.reservationId;
    draft.turns[data.turnId] = turn;
    note(draft, turn);
  },
  MailConsumed: (draft, { data }) => {
    draft.turns[data.turnId]!.fresh.push(data.mailId);
  },
  MailReturned: (draft, { data }) => {
    const turn = draft.turns[data.turnId]!;
    turn.fresh = turn.fresh.filter((mailId) => mailId !== data.mailId);
  },
  ModelSampled: (draft, { data, position }) => {
    const turn = draft.turns[data.turnId]!;
    turn.list = position;
    turn.pending = [];
    for (const item of data.items) if ('id' in item) turn.pending.push({ ...item });
    turn.phase = 'calling';
    turn.failures = 0;
    delete turn.retryAt;
    turn.fresh = [];
    delete turn.rejected;
    note(draft, turn);
  },
  SamplingEnded: (draft, { data, at }) => {
    const turn = draft.turns[data.turnId]!;
    if (data.outcome === 'failed') turn.failures += 1;
    if (data.retryInMs !== undefined) turn.retryAt = at + data.retryInMs;
  },
  ToolCallStarted: (draft, { data, position, at }) => {
    const turn = draft.turns[data.turnId]!;
    turn.pending.shift();
    const { callId, tool, args } = data;
    turn.calls[callId] = { callId, tool, args, position, at };
    turn.callIds[callId] = true;
    if (data.until !== undefined) turn.calls[callId]!.until = data.until;
    if (data.processId !== undefined) turn.calls[callId]!.processId = data.processId;
    turn.open += 1;
    if (tool === 'wait_agent') turn.waits += 1;
    note(draft, turn);
  },
  ToolCallEnded: (draft, { data }) => {
    const turn = draft.turns[data.turnId]!;
    const call = turn.calls[data.callId]!;
    delete turn.calls[data.callId];
    turn.open -= 1;
    if (call.tool === 'wait_agent') turn.waits -= 1;
    if (turn.open === 0 && turn.pending.length === 0) turn.phase = 'sampling';
    note(draft, turn);
  },
  ProcessWritten: (draft, { data }) => {
    const call = callOf(draft, data.requestId);
    if (call !== undefined) call.written = true;
  },
  TurnParked: (draft, { data, at, position }) => {
    const turn = draft.turns[data.turnId]!;
    turn.parked = { until: data.until, at, position };
    delete turn.reservationId;
  },
  TurnUnparked: (draft, { data }) => {
    const turn = draft.turns[data.turnId]!;
    delete turn.parked;
    turn.reservationId = data.reservationId;
  },
  TaskCleared: (draft, { data }) => {
    const turnId = data.reason === 'rejected' ? draft.agents[data.agentId]?.turnId : undefined;
    if (turnId !== undefined) draft.turns[turnId]!.rejected = true;
  },
  TurnCompleted: end,
  TurnFailed: end,
  TurnInterrupted: end,
};
