/** What a cell may use when nobody says otherwise, and what is said when it wanted more (CE10). */
import type { CellLimits } from '../../events/cell.ts';

const MiB = 1024 * 1024;

/** A deeper one could find the end of the thread's own stack first. */
export const stackBytesMax = MiB / 4;

export const defaultCellLimits: CellLimits = {
  memoryBytes: 64 * MiB,
  drainMs: 10_000,
  cpuMs: 120_000,
  outputBytes: MiB,
  timers: 256,
  pendingCalls: 256,
  sourceBytes: MiB,
  stackBytes: stackBytesMax,
};

type CellErrorCode =
  | 'HOLDFAST_CELL_THREW'
  | 'HOLDFAST_CELL_MEMORY_LIMIT'
  | 'HOLDFAST_CELL_CPU_LIMIT'
  | 'HOLDFAST_CELL_OUTPUT_LIMIT'
  | 'HOLDFAST_CELL_TIMER_LIMIT'
  | 'HOLDFAST_CELL_CALL_LIMIT'
  | 'HOLDFAST_CELL_SOURCE_LIMIT'
  | 'HOLDFAST_CELL_STACK_LIMIT'
  | 'HOLDFAST_CELL_CRASHED';

const texts: Partial<Record<CellErrorCode, (limits: CellLimits) => string>> = {
  HOLDFAST_CELL_MEMORY_LIMIT: (l) => `the cell needs more than ${l.memoryBytes} bytes of memory`,
  HOLDFAST_CELL_CPU_LIMIT: (l) =>
    `the cell ran for more than ${l.drainMs} ms without waiting for anything, or for more than ${l.cpuMs} ms in all`,
  HOLDFAST_CELL_OUTPUT_LIMIT: (l) => `the cell wrote more than ${l.outputBytes} characters`,
  HOLDFAST_CELL_TIMER_LIMIT: (l) => `the cell has more than ${l.timers} timers`,
  HOLDFAST_CELL_CALL_LIMIT: (l) => `the cell waits for more than ${l.pendingCalls} tool calls at once`,
  HOLDFAST_CELL_SOURCE_LIMIT: (l) => `the source of the cell has more than ${l.sourceBytes} bytes`,
  HOLDFAST_CELL_STACK_LIMIT: (l) => `the calls of the cell are nested deeper than ${l.stackBytes} bytes of stack`,
};

export const limitText = (code: string, limits: CellLimits): string | undefined =>
  texts[code as CellErrorCode]?.(limits);
