/** Unfinished turns: their samplings and calls. */
import { openCall, refOf } from './calls.ts';
import type { Reducers } from './reducers.ts';
import type { State, Turn } from './state.ts';
import { table } from './table.ts';

/** A parked turn whose wait has ended goes on as soon as it gets a slot (SL10). */
export const wantsUnpark = (turn: Turn): boolean => turn.parked !== undefined && turn.open === 0;

/** How far the history of a turn that samples has been answered to: what came later no model has seen, so a summary leaves it alone (TU4). */
export const answeredTo = (turn: Turn): number => (turn.list ?? turn.position) - 1;

function end(draft: State, { data }: { data: { turnId: string } }): void {
  delete draft.turns[data.turnId];
}

export const turns: Reducers = {
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
    if (draft.agents[data.agentId]!.client !== undefined) turn.client = true;
    draft.turns[data.turnId] = turn;
  },
  MailConsumed: (draft, { data }) => {
    draft.turns[data.turnId]!.fresh.push(data.mailId);
  },
  MailReturned: (draft, { data }) => {
    const turn = draft.turns[data.turnId]!;
    turn.fresh = turn.fresh.filter((mailId) => mailId !== data.mailId);
  },
  ClientLeft: (draft, { data }) => {
    const turn = draft.turns[draft.agents[data.agentId]!.turnId ?? ''];
    for (const callId in turn?.calls) (turn!.putOff ??= table())[callId] = true;
  },
  ModelSampled: (draft, { data, position }) => {
    const turn = draft.turns[data.turnId]!;
    turn.list = position;
    turn.pending = [];
    for (const item of data.items) if ('id' in item) turn.pending.push({ ...item });
    turn.phase = 'calling';
    turn.failures = 0;
    delete turn.retryAt;
    delete turn.overflows;
    turn.fresh = [];
    for (const callId in turn.putOff) if (turn.calls[callId] === undefined) delete turn.putOff[callId];
    delete turn.rejected;
  },
  SamplingEnded: (draft, { data, at }) => {
    const turn = draft.turns[data.turnId]!;
    if (data.overflow) turn.overflows = (turn.overflows ?? 0) + 1;
    else if (data.outcome === 'failed') turn.failures += 1;
    if (data.retryInMs !== undefined) turn.retryAt = at + data.retryInMs;
  },
  HistoryCompacted: (draft, { data }) => {
    const turn = draft.turns[data.turnId];
    if (turn === undefined || data.n === undefined) return;
    delete turn.overflows;
    turn.failures = 0;
  },
  ToolCallStarted: (draft, { data, position, at }) => {
    const turn = draft.turns[data.turnId]!;
    turn.pending.shift();
    const { callId, tool, args } = data;
    turn.calls[callId] = { callId, tool, args, position, at };
    // A client's turn may last for days, and the ids of its calls are ours.
    if (turn.client === undefined) turn.callIds[callId] = true;
    if (data.until !== undefined) turn.calls[callId]!.until = data.until;
    if (data.processId !== undefined) turn.calls[callId]!.processId = data.processId;
    if (data.cellId !== undefined) turn.calls[callId]!.cellId = data.cellId;
    turn.open += 1;
    if (tool === 'wait_agent') turn.waits += 1;
  },
  ToolCallEnded: (draft, { data }) => {
    const turn = draft.turns[data.turnId]!;
    const call = turn.calls[data.callId]!;
    delete turn.calls[data.callId];
    turn.open -= 1;
    if (call.tool === 'wait_agent') turn.waits -= 1;
    if (turn.open === 0 && turn.pending.length === 0) turn.phase = 'sampling';
  },
  ProcessWritten: (draft, { data }) => {
    const ref = refOf(data.requestId);
    const call = ref !== undefined && 'turnId' in ref ? openCall(draft, ref) : undefined;
    if (call !== undefined) call.written = true;
  },
  TurnParked: (draft, { data, at, position }) => {
    const turn = draft.turns[data.turnId]!;
    turn.parked = { at, position };
    if (data.until !== undefined) turn.parked.until = data.until;
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
