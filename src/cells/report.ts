/** The report of the sandbox about one drain, and the `Drain` that it is for everybody else. */
import type { CellCall, CellEnd, CellTool, Drain, Json, OutputItem } from './port.ts';

/** As `prelude.ts` writes it. */
interface Report {
  readonly calls: ReadonlyArray<readonly [n: number, tool: number, args?: Json]>;
  readonly items: ReadonlyArray<string | readonly [imageUrl: string, detail?: string]>;
  readonly notices: readonly string[];
  readonly timers: ReadonlyArray<readonly [timerId: number, delayMs: number]>;
  readonly cleared: readonly number[];
  readonly yields: readonly number[];
  readonly offset: number;
  readonly pendingCalls: readonly number[];
  readonly pendingTimers: readonly number[];
  readonly writes: Readonly<Record<string, Json>>;
}

/** One step of a cell as it leaves the sandbox. */
export interface Step {
  /** JSON; empty when the sandbox could not say any more what it did. */
  readonly report: string;
  readonly end?: { readonly kind: CellEnd['kind']; readonly error?: CellEnd['error'] };
}

export const nothingYet: Drain = {
  calls: [],
  timers: [],
  clearedTimers: [],
  items: [],
  offset: 0,
  yields: [],
  notices: [],
  pending: { calls: [], timers: [] },
};

const itemOf = (item: Report['items'][number]): OutputItem => {
  if (typeof item === 'string') return { text: item };
  const [imageUrl, detail] = item;
  return detail === undefined ? { imageUrl } : { imageUrl, detail: detail as 'auto' };
};

/** `before`: the drain before this one. */
export function drainOf({ report, end }: Step, tools: readonly CellTool[], before: Drain = nothingYet): Drain {
  const callOf = ([n, tool, args]: Report['calls'][number]): CellCall => ({
    callId: `tool-${n}`,
    tool: tools[tool]!.name,
    ...(args !== undefined && { args }),
  });
  if (report === '') {
    const { offset, pending } = before;
    return { ...nothingYet, offset, pending, ...(end !== undefined && { end: { ...end, writes: {} } }) };
  }
  const told = JSON.parse(report) as Report;
  return {
    calls: told.calls.map(callOf),
    timers: told.timers.map(([timerId, delayMs]) => ({ timerId, delayMs })),
    clearedTimers: told.cleared,
    items: told.items.map(itemOf),
    offset: told.offset,
    yields: told.yields,
    notices: told.notices,
    pending: { calls: told.pendingCalls.map((n) => `tool-${n}`), timers: told.pendingTimers },
    ...(end !== undefined && { end: { ...end, writes: told.writes } }),
  };
}
