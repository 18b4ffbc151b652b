/** Cells: created before anything runs, gone on with by what the sandbox reports, ended once (CE1, CE2, CE7–CE9). */
import { right } from 'fp-ts/lib/Either.js';
import type { HoldfastFact } from '../../events/catalogue.ts';
import * as facts from '../../events/cell.ts';
import type { MailId } from '../../events/ids.ts';
import { MailAccepted } from '../../events/mail.ts';
import type { CallRef } from '../../projections/calls.ts';
import type { Cell, State } from '../../projections/state.ts';
import { effectOf } from './calls.ts';
import { cellCompletion, cellLoss, cellTermination, liveCell } from './cellEnds.ts';
import type { CommandOf, DrainReport } from './command.ts';
import { type Context, type Decision, decided, dropped, refused } from './decision.ts';
import { newCell } from './newCell.ts';
import { findForOperator } from './paths.ts';
import { cellRefusal } from './refusals.ts';
import { cellTools, cellToolsTold } from './tools/table.ts';
import { type Effect, error, type Tool } from './tools/tool.ts';

const stale = dropped({ stale: true });

export function createCell(state: State, ctx: Context, command: CommandOf<'createCell'>): Decision {
  const { target, source, policy, tools: names } = command;
  const found = findForOperator(state, target);
  if (found._tag === 'Left') return found;
  const agent = found.right;
  const known = cellTools.map(({ name }) => name);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    return refused('HOLDFAST_UNKNOWN_TOOL', `cells have no tool ${unknown}`, `use some of: ${known.join(', ')}`);
  if (source.trim() === '') {
    return refused('HOLDFAST_CELL_EMPTY', 'cell source must not be empty', 'give it the JavaScript that is to run');
  }
  const refusal = cellRefusal(state, ctx, agent);
  if (refusal !== undefined) return { _tag: 'Left', left: refusal };
  const tools = names === undefined ? cellToolsTold : cellToolsTold.filter(({ name }) => names.includes(name));
  const created = newCell(state, ctx, agent, { source, policy, tools });
  return decided([facts.CellCreated(created)], { cellId: created.cellId, agentId: agent.agentId, path: agent.path });
}

/** Nothing but the input itself is recorded of it. */
const isQuiet = ({ calls, timers, clearedTimers, items, yields, notices, end }: DrainReport): boolean =>
  end === undefined && [calls, timers, clearedTimers, items, yields, notices].every(({ length }) => length === 0);

/** `quiet`: so many drains before this one did nothing. */
function drainFacts(ctx: Context, cell: Cell, drain: number, quiet: number, report: DrainReport): HoldfastFact[] {
  const { cellId, agentId } = cell;
  const of = { cellId, agentId };
  const { calls, items, offset, yields, notices, timers, clearedTimers } = report;
  const yielded = [...new Set(yields)].filter((at) => !cell.yields.includes(at));
  return [
    ...calls.map(({ callId, tool, args }) => facts.CellToolRequested({ cellId, agentId, callId, tool, args })),
    ...(items.length === 0 ? [] : [facts.CellOutput({ ...of, items: [...items], offset })]),
    ...yielded.map((at) => facts.CellYielded({ ...of, offset: at })),
    ...notices.map((text) =>
      MailAccepted({
        mailId: ctx.id<MailId>(),
        from: 'engine',
        to: agentId,
        kind: 'notice',
        trigger: false,
        text: `Cell ${cellId}: ${text}`,
      }),
    ),
    facts.CellDrained({
      ...of,
      drain,
      calls: calls.length,
      timers: timers.map(({ timerId, delayMs }) => ({ timerId, delayMs })),
      clearedTimers: [...clearedTimers],
      offset,
      ...(quiet > 0 && { quiet }),
    }),
  ];
}

/** CE3, CE5: a frontier is there only when nothing that came in is left to be applied. */
export function cellDrained(state: State, ctx: Context, command: CommandOf<'cellDrained'>): Decision {
  const { cellId, from, drains, resumed } = command;
  const cell = liveCell(state, cellId);
  const lags = cell === undefined || from !== cell.drains || from + drains.length > cell.inputs + 1;
  // What stands at a frontier goes on by a resume and by nothing else.
  if (lags || resumed !== cell.frontier?.generation) return stale;
  const of = { cellId, agentId: cell.agentId };
  const own: HoldfastFact[] = resumed === undefined ? [] : [facts.FrontierResumed({ ...of, generation: resumed })];
  let quiet = 0;
  for (const [i, report] of drains.entries()) {
    if (isQuiet(report) && i < drains.length - 1) quiet += 1;
    else {
      own.push(...drainFacts(ctx, cell, from + i, quiet, report));
      quiet = 0;
    }
  }
  const last = drains.at(-1);
  if (last?.end !== undefined) {
    const requested = drains.flatMap((report) => report.calls.map(({ callId }) => callId));
    return decided([...own, ...cellCompletion(state, cell, last.end, last.offset, requested)], {});
  }
  if (cell.policy === 'PauseAtPendingFrontier' && last !== undefined && from + drains.length === cell.inputs + 1) {
    const { pending, offset } = last;
    own.push(facts.FrontierReached({ ...of, generation: cell.generation + 1, pending: [...pending.calls], offset }));
  }
  return decided(own, {});
}

const toolOf = (name: string): Tool | undefined => cellTools.find((tool) => tool.name === name);

/** Calls that only read and stand first are decided together, on one state: none of them changes what the others see. */
function reading(state: State, ctx: Context, { cellId, agentId, undecided, calls }: Cell): HoldfastFact[] {
  const ends: HoldfastFact[] = [];
  for (const callId of undecided) {
    const { tool, args } = calls[callId]!;
    if (toolOf(tool)?.reads !== true) break;
    const effect = effectOf(state, ctx, agentId, { call: tool, args }, { cellId, callId });
    if (effect.end === undefined || (effect.facts ?? []).length > 0) break;
    ends.push(facts.CellToolEnded({ cellId, agentId, callId, ...effect.end }));
  }
  return ends;
}

export function carryOutCell(state: State, ctx: Context, { cellId }: CommandOf<'carryOutCell'>): Decision {
  const cell = liveCell(state, cellId);
  const callId = cell?.undecided[0];
  if (cell === undefined || callId === undefined) return stale;
  const read = reading(state, ctx, cell);
  if (read.length > 0) return right({ facts: read, answer: {}, again: cell.undecided.length > read.length });
  const { agentId } = cell;
  const ref: CallRef = { cellId, callId };
  const { tool, args } = cell.calls[callId]!;
  const {
    facts: own = [],
    end,
    started,
    birth,
  }: Effect = toolOf(tool) === undefined
    ? { end: error(`tool \`${tool}\` is not enabled in exec`) }
    : effectOf(state, ctx, agentId, { call: tool, args }, ref);
  const { cellId: _, ...open } = started ?? {};
  const of = { ...ref, agentId };
  return right({
    facts:
      end === undefined
        ? [facts.CellToolStarted({ ...of, ...open }), ...own]
        : [...own, facts.CellToolEnded({ ...of, ...end })],
    answer: {},
    ...(birth && { birth }),
    again: cell.undecided.length > 1,
  });
}

/** All that are due, in the order in which they were to fire. */
export function fireTimers(state: State, ctx: Context, { cellId }: CommandOf<'fireTimers'>): Decision {
  const cell = liveCell(state, cellId);
  if (cell === undefined) return stale;
  const due = Object.entries(cell.timers)
    .filter(([, at]) => at <= ctx.at)
    .sort(([a, x], [b, y]) => x - y || Number(a) - Number(b));
  return decided(
    due.map(([timerId]) => facts.CellTimerFired({ cellId, agentId: cell.agentId, timerId: Number(timerId) })),
    {},
  );
}

export const cellMissing = (cellId: string): ReturnType<typeof refused> =>
  refused('HOLDFAST_CELL_NOT_FOUND', `exec cell ${cellId} not found`, '`holdfast show cells` lists them', {
    details: { cellId },
  });

/** Who comes second is told the first one's result. */
export function terminateCell(state: State, ctx: Context, { cellId, reason }: CommandOf<'terminateCell'>): Decision {
  const cell = Object.hasOwn(state.cells.all, cellId) ? state.cells.all[cellId] : undefined;
  if (cell === undefined) return cellMissing(cellId);
  if (cell.end !== undefined) return decided([], { cellId, outcome: 'already-ended', end: cell.end.how });
  return decided(cellTermination(state, ctx, cell, reason ?? 'terminated on request'), {
    cellId,
    outcome: 'terminated',
    end: 'terminated',
  });
}

export function cellLost(state: State, _ctx: Context, command: CommandOf<'cellLost'>): Decision {
  const { cellId, reason, difference } = command;
  const cell = liveCell(state, cellId);
  return cell === undefined ? stale : decided(cellLoss(state, cell, reason, difference), {});
}
