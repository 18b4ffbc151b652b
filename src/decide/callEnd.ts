/** The one fact that ends a call, for turns and for cells. */
import type { HoldfastFact } from '../../events/catalogue.ts';
import { CellToolEnded } from '../../events/cell.ts';
import { type Outcome, ToolCallEnded, type ToolOutput } from '../../events/turn.ts';
import type { Caller } from '../../projections/calls.ts';

export interface CallEnd {
  readonly outcome: Outcome;
  readonly output: ToolOutput;
  /** How far the agent has read the output of a process, or of a cell. */
  readonly read?: { readonly processId: number; readonly to: number };
  readonly readCell?: { readonly cellId: string; readonly to: number };
  /** The process whose end it tells. */
  readonly ended?: number;
}

export function endOf(caller: Caller, callId: string, { readCell, ...end }: CallEnd): HoldfastFact {
  const { agentId } = caller;
  return 'turnId' in caller
    ? ToolCallEnded({ turnId: caller.turnId, agentId, callId, ...end, ...(readCell && { readCell }) })
    : CellToolEnded({ cellId: caller.cellId, agentId, callId, ...end });
}
