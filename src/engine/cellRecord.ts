/**
 * What the log holds about one cell: the spec it was made from, its inputs in log order, and what each of them did. A
 * machine that was lost is made again from this, and has to do the same again (CE9).
 */
import type { EventOf, HoldfastEvent } from '../../events/catalogue.ts';
import type { CellLimits } from '../../events/cell.ts';
import type { Text } from '../../events/fact.ts';
import type { Cell, State } from '../../projections/state.ts';
import type { CellInput, CellSpec, Drain, Json } from '../cells/port.ts';
import type { CommandOf } from '../decide/command.ts';
import { canonical } from '../log/canonical.ts';
import type { LogReader } from '../log/port.ts';
import { decoded } from './fold.ts';
import type { Secrets } from './secrets.ts';
import { mapTexts } from './texts.ts';

/** What one drain did, as far as it has to be done again. */
interface Recorded {
  readonly calls: readonly { readonly callId: string; readonly tool: string; readonly args: unknown }[];
  readonly timers: unknown;
  readonly clearedTimers: unknown;
  readonly offset: number;
}

export interface CellRecord {
  readonly spec: CellSpec;
  readonly inputs: readonly CellInput[];
  readonly drains: readonly Recorded[];
}

/** For runtimes that count nothing. */
const most = Number.MAX_SAFE_INTEGER;
const unlimited: CellLimits = {
  memoryBytes: most,
  drainMs: most,
  cpuMs: most,
  outputBytes: most,
  timers: most,
  pendingCalls: most,
  sourceBytes: most,
  stackBytes: most,
};

export interface RecordParts {
  readonly state: State;
  readonly log: LogReader;
  /** Of cells whose creation does not say: it was recorded before limits were. */
  readonly limits?: CellLimits;
  readonly secrets?: Secrets;
}

export async function textOf(log: LogReader, text: Text): Promise<string> {
  return typeof text === 'string' ? text : Buffer.from(await log.blob(text.blob)).toString('utf8');
}

/** What a cell goes on with. */
export type InputEvent = EventOf<'CellToolEnded'> | EventOf<'CellTimerFired'>;

export const isInput = (event: HoldfastEvent): event is InputEvent =>
  event.type === 'CellToolEnded' || event.type === 'CellTimerFired';

function inputOf(event: InputEvent, text: string, secrets: Secrets | undefined): CellInput {
  const { at, data } = event;
  if ('timerId' in data) return { kind: 'timerFired', timerId: data.timerId, at };
  const { callId, outcome, output } = data;
  const whole = output.text === text ? output : { ...output, text };
  return { kind: 'toolEnded', callId, outcome, output: secrets?.revealIn(whole) ?? whole, at };
}

/** Inputs as the sandbox takes them: with the texts and the secrets that the log only names. */
export async function inputsOf({ log, secrets }: RecordParts, events: readonly InputEvent[]): Promise<CellInput[]> {
  const inputs: CellInput[] = [];
  for (const event of events) {
    const text = event.type === 'CellToolEnded' ? event.data.output.text : '';
    // Hundreds come at once: only what lies elsewhere is waited for.
    inputs.push(inputOf(event, typeof text === 'string' ? text : await textOf(log, text), secrets));
  }
  return inputs;
}

/** What `load` finds: all that was committed before the cell was created. */
async function storeBefore(parts: RecordParts, { agentId, position }: Cell): Promise<Record<string, Json>> {
  const store = new Map<string, Json>();
  if (parts.state.stores[agentId] === undefined) return {};
  for await (const page of parts.log.readStream(`store/${agentId}`, { to: position })) {
    for (const event of page.map(decoded)) {
      if (event.type !== 'StoreCommitted') continue;
      for (const [key, value] of Object.entries(event.data.writes)) store.set(key, value as Json);
    }
  }
  const found = Object.fromEntries(store);
  return parts.secrets?.revealIn(found) ?? found;
}

/** All that a script will ever see, but for its inputs. */
export async function specOf(parts: RecordParts, cell: Cell, { at, data }: EventOf<'CellCreated'>): Promise<CellSpec> {
  const { log, secrets } = parts;
  const { cellId, tools, seed, limits = parts.limits ?? unlimited } = data;
  const source = await textOf(log, data.source);
  const store = await storeBefore(parts, cell);
  return { cellId, source: secrets?.reveal(source) ?? source, tools, seed, at, store, limits };
}

/** Everything durable about a cell. Throws a Failure where a blob or a secret is gone. */
export async function recordOf(parts: RecordParts, cell: Cell): Promise<CellRecord> {
  const { log } = parts;
  const { cellId } = cell;
  let spec: CellSpec | undefined;
  const inputs: CellInput[] = [];
  const drains: Recorded[] = [];
  let calls: Recorded['calls'][number][] = [];
  for await (const page of log.readStream(`cell/${cellId}`)) {
    for (const event of page.map(decoded)) {
      if (event.type === 'CellCreated') spec = await specOf(parts, cell, event);
      else if (event.type === 'CellToolRequested') {
        const { callId, tool, args } = event.data;
        calls.push({ callId, tool, args: args ?? null });
      } else if (event.type === 'CellDrained') {
        const { timers, clearedTimers, offset, quiet = 0 } = event.data;
        const before = drains.at(-1)?.offset ?? 0;
        for (let n = 0; n < quiet; n += 1) drains.push({ calls: [], timers: [], clearedTimers: [], offset: before });
        drains.push({ calls, timers, clearedTimers, offset });
        calls = [];
      } else if (isInput(event)) inputs.push(...(await inputsOf(parts, [event])));
    }
  }
  return { spec: spec!, inputs, drains };
}

/** The first difference between what was recorded and what was done now; undefined: none. */
export function differenceOf(
  recorded: readonly Recorded[],
  found: readonly Drain[],
  hide: (text: string) => string,
): CommandOf<'cellLost'>['difference'] {
  const again = found.map(({ calls, timers, clearedTimers, offset }) => ({
    calls: calls.map(({ callId, tool, args }) => ({
      callId,
      tool,
      args: mapTexts(args ?? null, (text) => hide(text.toWellFormed())),
    })),
    timers,
    clearedTimers,
    offset,
  }));
  for (const [drain, before] of recorded.entries()) {
    for (const what of ['calls', 'timers', 'clearedTimers', 'offset'] as const) {
      const now = again[drain] === undefined ? 'nothing' : canonical(again[drain][what]);
      if (now !== canonical(before[what]))
        return { drain, what, recorded: brief(canonical(before[what])), found: brief(now) };
    }
    if (found[drain]!.end !== undefined)
      return { drain, what: 'end', recorded: 'goes on', found: found[drain]!.end!.kind };
  }
  return undefined;
}

/** For people: the whole is in the log. */
const briefMax = 500;
const brief = (text: string): string => (text.length <= briefMax ? text : `${text.slice(0, briefMax)}…`.toWellFormed());
