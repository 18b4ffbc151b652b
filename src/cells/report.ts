/** The report of the sandbox about one drain, and the `Drain` that it is for everybody else. */
import { assert } from '../failure.ts';
import type { CellCall, CellEnd, CellInput, CellTool, Drain, Json, OutputItem } from './port.ts';

/** As `prelude.ts` writes it. */
interface Report {
  readonly calls: ReadonlyArray<readonly [n: number, tool: number, args?: Json]>;
  readonly items: ReadonlyArray<string | readonly [imageUrl: string, detail?: string]>;
  readonly notices: readonly string[];
  readonly timers: ReadonlyArray<readonly [timerId: number, delayMs: number]>;
  readonly cleared: readonly number[];
  readonly yields: readonly number[];
  readonly offset: number;
  /** How many resolvers and callbacks the sandbox has in its tables. */
  readonly waiting: readonly [calls: number, timers: number];
  readonly writes: Readonly<Record<string, Json>>;
}

/** One step of a cell as it leaves the sandbox. */
export interface Step {
  /** JSON; empty when the sandbox could not say any more what it did. */
  readonly report: string;
  readonly end?: { readonly kind: CellEnd['kind']; readonly error?: CellEnd['error'] };
}

const nothingYet: Drain = {
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

/** The ids that the sandbox has in its tables now; it says how many there are. */
function pendingNow(told: Report, before: Drain, input: CellInput | undefined, ended: boolean): Drain['pending'] {
  const calls = [...before.pending.calls, ...told.calls.map(([n]) => `tool-${n}`)];
  const cleared = new Set(told.cleared);
  const timers = [...before.pending.timers, ...told.timers.map(([timerId]) => timerId)];
  const pending = {
    calls: input?.kind === 'toolEnded' ? calls.filter((callId) => callId !== input.callId) : calls,
    timers: timers.filter((id) => !cleared.has(id) && !(input?.kind === 'timerFired' && input.timerId === id)),
  };
  const [callsWaiting, timersWaiting] = told.waiting;
  const same = pending.calls.length === callsWaiting && pending.timers.length === timersWaiting;
  // A cell that was stopped on its way to its tables may still have what it was given in them.
  assert(same || ended, 'the sandbox waits for what it was seen to begin');
  return pending;
}

function drainOf({ report, end }: Step, tools: readonly CellTool[], before: Drain, input?: CellInput): Drain {
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
    pending: pendingNow(told, before, input, end !== undefined),
    ...(end !== undefined && { end: { ...end, writes: told.writes } }),
  };
}

/** `before`: the last drain of the cell, none when it was made by the first of these steps, which then has no input. */
export function drainsOf(
  steps: readonly Step[],
  inputs: readonly CellInput[],
  tools: readonly CellTool[],
  before?: Drain,
): Drain[] {
  let last = before ?? nothingYet;
  return steps.map((step, i) => {
    last = drainOf(step, tools, last, inputs[before === undefined ? i - 1 : i]);
    return last;
  });
}
