/** Calls of tools, whoever makes them: a turn or a cell. Both keep what is open in the same shape. */
import type { TurnId } from '../events/ids.ts';
import type { Call, Cell, State, Turn } from './state.ts';

/** Which call: of a turn, or of a cell. */
export type CallRef =
  | { readonly turnId: TurnId; readonly callId: string }
  | { readonly cellId: string; readonly callId: string };

/** The same from outside, where ids are plain texts. */
export type CallNamed =
  | { readonly turnId: string; readonly callId: string }
  | { readonly cellId: string; readonly callId: string };

export type Caller = Turn | Cell;

/** A request of a call is named `turnId/callId` or `cell-N/callId`: what is sent twice under one name is done once. */
export const requestOf = (ref: CallNamed): string =>
  'turnId' in ref ? `${ref.turnId}/${ref.callId}` : `cell-${ref.cellId}/${ref.callId}`;

export function refOf(requestId: string): CallRef | undefined {
  const slash = requestId.indexOf('/');
  if (slash < 0) return undefined;
  const caller = requestId.slice(0, slash);
  const callId = requestId.slice(slash + 1);
  return caller.startsWith('cell-')
    ? { cellId: caller.slice('cell-'.length), callId }
    : { turnId: caller as TurnId, callId };
}

export const callerOf = (state: State, ref: CallNamed): Caller | undefined =>
  'turnId' in ref ? state.turns[ref.turnId] : state.cells.all[ref.cellId];

export const openCall = (state: State, ref: CallNamed): Call | undefined => callerOf(state, ref)?.calls[ref.callId];

export function callOf(state: State, requestId: string): Call | undefined {
  const ref = refOf(requestId);
  return ref === undefined ? undefined : openCall(state, ref);
}
