/** Approvals: what people are asked and have not answered, and what they have allowed for good. */
import type { DataOf } from '../events/catalogue.ts';
import { inWait } from './activity.ts';
import { clientAwaited } from './answering.ts';
import type { Approval } from './approval.ts';
import { openCall } from './calls.ts';
import { isRunning } from './cells.ts';
import type { Reducers } from './reducers.ts';
import type { Call, State, Turn } from './state.ts';
import { isEmpty, numbered, table } from './table.ts';

export const openApprovals = ({ approvals }: State): Approval[] =>
  Object.values(approvals?.open ?? {}).sort((a, b) => a.position - b.position);

/** Which call a question is about. */
export const callAskedOf = ({
  turnId,
  cellId,
  callId,
}: Pick<DataOf<'ApprovalAsked'>, 'turnId' | 'cellId' | 'callId'>) =>
  turnId === undefined ? { cellId: cellId!, callId } : { turnId, callId };

/** Its open calls wait for people, and otherwise for mail: nothing of it goes on by itself. */
export const awaitsAnswer = (turn: Turn): boolean => {
  if (turn.phase !== 'calling' || turn.pending.length > 0) return false;
  const calls = Object.values(turn.calls);
  return (
    calls.some(({ approvalId }) => approvalId !== undefined) &&
    calls.every(({ approvalId, tool }) => approvalId !== undefined || tool === 'wait_agent')
  );
};

/** Nothing of the fleet goes on but by the answer of a person, or a client that comes back: whoever waits for others waits for those in vain. */
export function awaitsPerson(state: State): boolean {
  const asks = state.approvals !== undefined && !isEmpty(state.approvals.open);
  if (!asks && !Object.values(state.turns).some((turn) => clientAwaited(state, turn))) return false;
  if (!isEmpty(state.processes.notifying)) return false;
  const asked = (call: Call): boolean => call.approvalId !== undefined || call.tool === 'wait_agent';
  const cellWaits = (cellId: string): boolean => {
    const cell = state.cells.all[cellId]!;
    return !isRunning(cell) && isEmpty(cell.timers) && Object.values(cell.calls).every(asked);
  };
  const turnWaits = (turn: Turn): boolean =>
    awaitsAnswer(turn) ||
    clientAwaited(state, turn) ||
    inWait(state, turn) ||
    (turn.parked !== undefined && turn.open === 0) ||
    (turn.phase === 'calling' &&
      turn.pending.length === 0 &&
      Object.values(turn.calls).every((c) => asked(c) || (c.cellId !== undefined && cellWaits(c.cellId))));
  return Object.values(state.turns).every(turnWaits) && Object.keys(state.cells.busy).every(cellWaits);
}

function ended(draft: State, { data }: { readonly data: DataOf<'ToolCallEnded'> | DataOf<'CellToolEnded'> }): void {
  const id = draft.approvals === undefined ? undefined : openCall(draft, data)?.approvalId;
  if (id !== undefined) delete draft.approvals!.open[id];
}

export const approvals: Reducers = {
  ApprovalAsked: (draft, { data, position, at }) => {
    const { approvalId, agentId, callId, turnId, cellId, tool, what, why, justification, always } = data;
    draft.approvals ??= { next: 1, open: numbered(), always: [] };
    const asked: Approval = { approvalId, agentId, callId, tool, what, why, position, at };
    if (turnId !== undefined) asked.turnId = turnId;
    if (cellId !== undefined) asked.cellId = cellId;
    if (justification !== undefined) asked.justification = justification;
    if (always !== undefined) asked.always = [...always];
    draft.approvals.open[approvalId] = asked;
    draft.approvals.next = Number(approvalId) + 1;
  },
  ApprovalAnswered: (draft, { data }) => {
    delete draft.approvals!.open[data.approvalId];
    for (const pattern of data.always ?? []) draft.approvals!.always.push(pattern);
  },
  // An interruption, a closing or the end of its cell takes the question back.
  ToolCallEnded: ended,
  CellToolEnded: ended,
};

/** The call that is asked about knows it, and is carried out from the answer on. */
export const askedCalls: Reducers = {
  ApprovalAsked: (draft, { data }) => {
    const call = openCall(draft, callAskedOf(data));
    if (call === undefined) return;
    call.approvalId = data.approvalId;
    const turn = data.turnId === undefined ? undefined : draft.turns[data.turnId];
    if (turn?.client === true) (turn.putOff ??= table())[data.callId] = true;
  },
  ApprovalAnswered: (draft, { data, at }) => {
    const call = openCall(draft, callAskedOf(data));
    if (call === undefined) return;
    delete call.approvalId;
    call.at = at;
    if (data.processId !== undefined) call.processId = data.processId;
  },
};
