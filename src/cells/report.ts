/** The report of the sandbox about one drain, and the `Drain` that it is for everybody else. */
import { assert } from '../failure.ts';
import type { CellCall, CellEnd, CellInput, CellTool, Drain, Json, OutputItem } from './port.ts';

type Call = readonly [n: number, tool: number, args?: Json];
type Item = string | readonly [imageUrl: string, detail?: string];

/** As `prelude.ts` writes it; what did not happen is left out. */
interface Report {
  readonly calls?: readonly Call[];
  readonly items?: readonly Item[];
  readonly notices?: readonly string[];
  readonly timers?: ReadonlyArray<readonly [timerId: number, delayMs: number]>;
  readonly cleared?: readonly number[];
  readonly yields?: readonly number[];
  readonly offset: number;
  /** How many resolvers and callbacks the sandbox has in its tables. */
  readonly waiting: readonly [calls: number, timers: number];
  readonly writes?: Readonly<Record<string, Json>>;
}

/** What the sandbox told about one or more steps of a cell. */
export interface Told {
  /** JSON, one for each step; empty when the sandbox could not say any more what it did. */
  readonly reports: readonly string[];
  /** The last of the steps ended the cell. */
  readonly end?: Omit<CellEnd, 'writes'>;
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

const itemOf = (item: Item): OutputItem => {
  if (typeof item === 'string') return { text: item };
  const [imageUrl, detail] = item;
  return detail === undefined ? { imageUrl } : { imageUrl, detail: detail as 'auto' };
};

/** The same list where nothing changes: a thousand results that come together leave most of it as it is. */
function changed<A>(list: readonly A[], gone: readonly A[], more: readonly A[]): readonly A[] {
  let left = list;
  for (const id of gone) {
    const at = left.indexOf(id);
    if (at >= 0) left = left.toSpliced(at, 1);
  }
  return more.length === 0 ? left : [...left, ...more.filter((id) => !gone.includes(id))];
}

/** The ids that the sandbox has in its tables now; it says how many there are. */
function pendingNow(told: Report, before: Drain, input: CellInput | undefined, ended: boolean): Drain['pending'] {
  const { calls = [], timers = [], cleared = [] } = told;
  const had = before.pending;
  const pending = {
    calls: changed(
      had.calls,
      input?.kind === 'toolEnded' ? [input.callId] : [],
      calls.map(([n]) => `tool-${n}`),
    ),
    timers: changed(
      had.timers,
      input?.kind === 'timerFired' ? [input.timerId, ...cleared] : cleared,
      timers.map(([timerId]) => timerId),
    ),
  };
  const [callsWaiting, timersWaiting] = told.waiting;
  const same = pending.calls.length === callsWaiting && pending.timers.length === timersWaiting;
  // A cell that was stopped on its way to its tables may still have what it was given in them.
  assert(same || ended, 'the sandbox waits for what it was seen to begin');
  return pending;
}

/** What the sandbox says of a result that nothing but its promise waited for, as of most of many that come together. */
const quietReport = ({ pending: { calls, timers }, offset }: Drain): string =>
  `{"waiting":[${calls.length - 1},${timers.length}],"offset":${offset}}`;

function drainOf(
  report: string,
  end: Told['end'],
  tools: readonly CellTool[],
  before: Drain,
  input?: CellInput,
): Drain {
  const callOf = ([n, tool, args]: Call): CellCall => ({
    callId: `tool-${n}`,
    tool: tools[tool]!.name,
    ...(args !== undefined && { args }),
  });
  if (report === '') {
    const { offset, pending } = before;
    return { ...nothingYet, offset, pending, ...(end !== undefined && { end: { ...end, writes: {} } }) };
  }
  if (input?.kind === 'toolEnded' && end === undefined && report === quietReport(before)) {
    const { offset, pending } = before;
    return { ...nothingYet, offset, pending: { ...pending, calls: changed(pending.calls, [input.callId], []) } };
  }
  const told = JSON.parse(report) as Report;
  return {
    calls: told.calls?.map(callOf) ?? [],
    timers: told.timers?.map(([timerId, delayMs]) => ({ timerId, delayMs })) ?? [],
    clearedTimers: told.cleared ?? [],
    items: told.items?.map(itemOf) ?? [],
    offset: told.offset,
    yields: told.yields ?? [],
    notices: told.notices ?? [],
    pending: pendingNow(told, before, input, end !== undefined),
    ...(end !== undefined && { end: { ...end, writes: told.writes ?? {} } }),
  };
}

/** `before`: the last drain of the cell, none when it was made by the first of these steps, which then has no input. */
export function drainsOf(
  { reports, end }: Told,
  inputs: readonly CellInput[],
  tools: readonly CellTool[],
  before?: Drain,
): Drain[] {
  let last = before ?? nothingYet;
  return reports.map((report, i) => {
    const input = inputs[before === undefined ? i - 1 : i];
    last = drainOf(report, i === reports.length - 1 ? end : undefined, tools, last, input);
    return last;
  });
}
