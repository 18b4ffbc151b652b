/** What a cell has done between two items of its output, read from the log alone: no engine and no runtime is needed (CE1). */
import type { OutputItem } from '../../events/cell.ts';
import { isPaused } from '../../projections/cells.ts';
import type { Cell } from '../../projections/state.ts';
import type { LogReader } from '../log/port.ts';
import type { CellView } from './cellOutput.ts';
import { textOf } from './cellRecord.ts';
import { decoded } from './fold.ts';

/** Where a cell stands, and how it ended, belong to the end of its output. */
export async function viewOf(log: LogReader, cell: Cell, from: number, to: number): Promise<CellView> {
  const whole = to >= cell.offset;
  const frontier = whole && isPaused(cell) ? cell.frontier : undefined;
  const end = whole ? cell.end : undefined;
  return {
    cellId: cell.cellId,
    state: end?.how ?? (frontier === undefined ? 'running' : 'pending'),
    next: to,
    ...(frontier && { generation: frontier.generation, pending: [...frontier.pending] }),
    ...(end && {
      end: {
        processes: [...end.processes],
        conflicts: [...end.conflicts],
        ...(end.reason !== undefined && { reason: end.reason }),
        ...(end.error !== undefined && { error: await textOf(log, end.error) }),
      },
    }),
    items: await itemsOf(log, cell.cellId, from, to),
  };
}

async function itemsOf(log: LogReader, cellId: string, from: number, to: number): Promise<OutputItem[]> {
  const found: OutputItem[] = [];
  if (from >= to) return found;
  for await (const page of log.readStream(`cell/${cellId}`)) {
    for (const event of page.map(decoded)) {
      if (event.type !== 'CellOutput') continue;
      const { items, offset } = event.data;
      for (const [i, item] of items.entries()) {
        const at = offset - items.length + i;
        if (at >= from && at < to) found.push(await whole(log, item));
      }
    }
  }
  return found;
}

const whole = async (log: LogReader, item: OutputItem): Promise<OutputItem> =>
  'text' in item ? { text: await textOf(log, item.text) } : { ...item, imageUrl: await textOf(log, item.imageUrl) };
