/** Code cells of Codex rollouts: their source, what was seen of their output, and their end where somebody saw it. */
import { CellCompleted, CellCreated, CellOutput, CellTerminated, CellYielded } from '../../../events/cell.ts';
import type { AgentId } from '../../../events/ids.ts';
import type { Cell } from '../../../projections/state.ts';
import { clipped, resultMax } from '../text.ts';
import type { Thread } from './thread.ts';

export function createCell({ retelling, agentId }: Thread, callId: string, source: string): void {
  const turn = retelling.turn(agentId);
  if (turn === undefined) return;
  const { turnId, rootId } = turn;
  const cellId = String(retelling.state.fleet.nextCellId);
  const data = { cellId, agentId: agentId as AgentId, rootId, source: clipped(source), turnId, callId };
  // What its script could call, and by which chance, is in no rollout.
  const unknown = { policy: 'ContinueWhenUnblocked' as const, tools: [], seed: '' };
  retelling.ledger.tell(CellCreated, { ...data, ...unknown }, 'written', { by: `agent:${agentId}` });
}

function liveCell({ retelling, agentId }: Thread, is: (cell: Cell) => boolean): Cell | undefined {
  const { all, live } = retelling.state.cells;
  const cellId = Object.keys(live[agentId] ?? {}).find((id) => is(all[id]!));
  return cellId === undefined ? undefined : all[cellId];
}

const running = /^Script running with cell ID (\S+)/;
const ended = /^Script (completed|failed|terminated)\b/;

/** The answer to the call that made it: ended, or running under a name of the tool's own. */
export function cellAnswered(thread: Thread, callId: string, text: string): void {
  const cell = liveCell(thread, ({ madeBy }) => madeBy?.callId === callId);
  const [, name] = running.exec(text) ?? [];
  if (cell === undefined) return;
  if (name !== undefined) thread.cells.set(name, cell.cellId);
  seen(thread, cell, text);
}

/** The answer to a look at it. */
export function cellObserved(thread: Thread, name: string, text: string): void {
  const cellId = thread.cells.get(name);
  const cell = liveCell(thread, (each) => each.cellId === cellId);
  if (cell !== undefined) seen(thread, cell, text);
}

function seen({ retelling, agentId }: Thread, cell: Cell, text: string): void {
  const { cellId, position } = cell;
  const [, end] = ended.exec(text) ?? [];
  if (end === undefined && !running.test(text)) return;
  const of = { cellId, agentId: agentId as AgentId };
  const told = { cause: position, by: `agent:${agentId}` };
  const at = text.indexOf('Output:\n');
  const output = at < 0 ? '' : text.slice(at + 'Output:\n'.length);
  const offset = cell.offset + (output === '' ? 0 : 1);
  if (output !== '')
    retelling.ledger.tell(
      CellOutput,
      { ...of, items: [{ text: clipped(output, resultMax) }], offset },
      'written',
      told,
    );
  if (end === undefined) retelling.ledger.tell(CellYielded, { ...of, offset }, 'written', told);
  else if (end === 'terminated') {
    const data = { ...of, terminatedBy: `agent:${agentId}`, reason: 'terminated by its agent', processes: [] };
    retelling.ledger.tell(CellTerminated, data, 'written', told);
  } else {
    // Processes that it leaves behind are named by no line.
    const error = { code: 'HOLDFAST_CELL_FAILED', text: clipped(output, resultMax) };
    const data = { ...of, offset, processes: [], conflicts: [], ...(end === 'failed' && { error }) };
    retelling.ledger.tell(CellCompleted, data, 'written', told);
  }
}
