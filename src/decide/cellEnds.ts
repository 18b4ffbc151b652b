/** Ends of cells: one terminal fact each, in one batch with the ends of its calls and with what it stored (CE7, CE8). */
import type { DataOf, HoldfastFact } from '../../events/catalogue.ts';
import * as facts from '../../events/cell.ts';
import { StoreCommitted } from '../../events/store.ts';
import type { Cell, State } from '../../projections/state.ts';
import type { DrainReport } from './command.ts';
import type { Context } from './decision.ts';

export const liveCell = (state: State, cellId: string): Cell | undefined => {
  const cell = Object.hasOwn(state.cells.all, cellId) ? state.cells.all[cellId] : undefined;
  return cell?.end === undefined ? cell : undefined;
};

export const liveCells = (state: State, agentId: string): Cell[] =>
  Object.keys(state.cells.live[agentId] ?? {})
    .map((cellId) => state.cells.all[cellId]!)
    .sort((a, b) => a.position - b.position);

/** C-28: what it leaves running. */
const processesOf = (state: State, { cellId, agentId }: Cell): number[] =>
  Object.keys(state.processes.live[agentId] ?? {})
    .map(Number)
    .filter((processId) => state.processes.all[processId]!.cellId === cellId)
    .sort((a, b) => a - b);

/** Each call that was requested has one end; `more`: those that this batch requests. */
const cancelled = ({ cellId, agentId, calls }: Cell, more: readonly string[], text: string): HoldfastFact[] =>
  [
    ...Object.values(calls)
      .sort((a, b) => a.position - b.position)
      .map(({ callId }) => callId),
    ...more,
  ].map((callId) => facts.CellToolEnded({ cellId, agentId, callId, outcome: 'cancelled', output: { text } }));

/** CE7: what no other cell has committed since this one was created is written, the rest is named. */
function committed(state: State, { cellId, agentId, position }: Cell, writes: Readonly<Record<string, unknown>>) {
  const versions = state.stores[agentId] ?? {};
  const conflicts = Object.keys(writes).filter((key) => Object.hasOwn(versions, key) && versions[key]! > position);
  const kept = Object.fromEntries(Object.entries(writes).filter(([key]) => !conflicts.includes(key)));
  const store = Object.keys(kept).length === 0 ? [] : [StoreCommitted({ agentId, cellId, writes: kept })];
  return { conflicts, store };
}

/** The script has ended by itself: it succeeded or failed, and what it stored counts either way. */
export function cellCompletion(
  state: State,
  cell: Cell,
  end: NonNullable<DrainReport['end']>,
  offset: number,
  requested: readonly string[],
): HoldfastFact[] {
  const { cellId, agentId } = cell;
  const { conflicts, store } = committed(state, cell, end.writes);
  const error = end.kind === 'failed' ? { error: end.error ?? { code: 'HOLDFAST_CELL_FAILED', text: '' } } : {};
  return [
    ...cancelled(cell, requested, 'cancelled: the script has ended'),
    ...store,
    facts.CellCompleted({ cellId, agentId, offset, processes: processesOf(state, cell), conflicts, ...error }),
  ];
}

export function cellTermination(state: State, ctx: Context, cell: Cell, reason: string): HoldfastFact[] {
  const { cellId, agentId } = cell;
  return [
    ...cancelled(cell, [], `cancelled: ${reason}`),
    facts.CellTerminated({ cellId, agentId, terminatedBy: ctx.by, reason, processes: processesOf(state, cell) }),
  ];
}

export function cellLoss(
  state: State,
  cell: Cell,
  reason: string,
  difference: DataOf<'CellLost'>['difference'],
): HoldfastFact[] {
  const { cellId, agentId, frontier } = cell;
  const resume =
    frontier?.resume === undefined
      ? []
      : [facts.ResumeFailed({ cellId, agentId, generation: frontier.generation, reason })];
  return [
    ...resume,
    ...cancelled(cell, [], `cancelled: ${reason}`),
    facts.CellLost({ cellId, agentId, reason, processes: processesOf(state, cell), ...(difference && { difference }) }),
  ];
}
