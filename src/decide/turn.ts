/** What the model loop reports: samplings, calls to carry out, loads that fail (TU1–TU8). */
import { UnloadAbandoned } from '../../events/agent.ts';
import type { HoldfastFact } from '../../events/catalogue.ts';
import type { Text } from '../../events/fact.ts';
import type { AgentId } from '../../events/ids.ts';
import { completeRetry } from '../../events/limits.ts';
import {
  HistoryCompacted,
  type Item,
  ModelSampled,
  SamplingEnded,
  ToolCallEnded,
  ToolCallStarted,
} from '../../events/turn.ts';
import type { State, Turn } from '../../projections/state.ts';
import { asksModel, awaitsBinding } from '../../projections/taskBindings.ts';
import { answeredTo } from '../../projections/turns.ts';
import { effectOf } from './calls.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, dropped } from './decision.ts';
import { cancelCalls, completion, failure } from './ends.ts';

const stale = dropped({ stale: true });

/** So often a summary is asked for of less and less of a history that is too long; then the turn fails. */
const overflowsMax = 4;

/** A server that wants to be left alone for longer is asked again all the same: its hint may be wrong. */
const retryAfterMsMax = 10 * 60_000;

/** The turn that waits for exactly this sampling; late results of others, and of one without a task, are dropped (TU2, TB3). */
export function sampling(
  state: State,
  { turnId, n }: { readonly turnId: string; readonly n: number },
): Turn | undefined {
  const turn = state.turns[turnId];
  if (turn === undefined || !asksModel(state, turn)) return undefined;
  return state.agents[turn.agentId]!.samplings + 1 === n ? turn : undefined;
}

/** What every plain object has as a member, like `constructor`: in a snapshot the tables of a state are plain objects. */
const members: object = Object.prototype;

/** Call ids are unique per turn: a repeated one gets a number, and so does one that every object has as a member. */
function distinct(turn: Turn, items: readonly Item[]): Item[] {
  const used = new Set<string>();
  return items.map((item) => {
    if (!('id' in item)) return item;
    let id = item.id;
    for (let n = 2; used.has(id) || id in turn.callIds || id in members; n += 1) id = `${item.id}#${n}`;
    used.add(id);
    return { ...item, id };
  });
}

export function sampled(state: State, ctx: Context, command: CommandOf<'sampled'>): Decision {
  const turn = sampling(state, command);
  if (turn === undefined || turn.overflows !== undefined) return stale;
  const { turnId, agentId } = turn;
  const items = distinct(turn, command.items);
  const facts: HoldfastFact[] = [
    ModelSampled({
      turnId,
      agentId,
      n: command.n,
      items,
      ...(command.usage !== undefined && { usage: command.usage }),
    }),
  ];
  if (items.some((item) => 'id' in item)) return decided(facts, {});
  const said = items.flatMap((item): Text[] => ('say' in item ? [item.say] : []));
  return decided([...facts, ...completion(state, ctx, turn, said.at(-1) ?? '')], {});
}

export function samplingFailed(state: State, ctx: Context, command: CommandOf<'samplingFailed'>): Decision {
  const turn = sampling(state, command);
  if (turn === undefined) return stale;
  const { turnId, agentId } = turn;
  const { attempts, baseMs, maxMs } = completeRetry(state.fleet.file?.retry);
  const failed = { turnId, agentId, n: command.n, outcome: 'failed' as const, error: command.error };
  if (command.overflow && (turn.overflows ?? 0) < overflowsMax)
    return decided([SamplingEnded({ ...failed, overflow: true })], {});
  if (command.retryable && turn.failures + 1 < attempts) {
    const asked = Math.min(command.retryAfterMs ?? 0, retryAfterMsMax);
    const retryInMs = Math.max(Math.min(baseMs * 2 ** turn.failures, maxMs), asked);
    return decided([SamplingEnded({ ...failed, retryInMs })], {});
  }
  return decided([SamplingEnded(failed), ...failure(state, ctx, turn, command.error)], {});
}

/** TU4: what no model has answered to stays in the history, above all mail, which an interruption would give back (R23). */
export function compacted(state: State, _ctx: Context, command: CommandOf<'compacted'>): Decision {
  const turn = sampling(state, command);
  if (turn?.overflows === undefined) return stale;
  const { turnId, agentId } = turn;
  const { n, summary, usage } = command;
  const upTo = answeredTo(turn);
  return decided([HistoryCompacted({ turnId, agentId, n, upTo, summary, ...(usage !== undefined && { usage }) })], {});
}

/** Decides the first call of the list that is not decided yet. */
export function carryOut(state: State, ctx: Context, command: CommandOf<'carryOut'>): Decision {
  const turn = state.turns[command.turnId];
  const item = turn?.pending[0];
  if (turn === undefined || item === undefined) return stale;
  const asked = 'call' in item ? item : { call: 'exec', args: { source: item.exec } };
  const { turnId, agentId } = turn;
  const effect = effectOf(state, ctx, agentId, asked, { turnId, callId: item.id });
  const of = { turnId, agentId, callId: item.id };
  const own = [
    ToolCallStarted({ ...of, tool: asked.call, args: asked.args, ...effect.started }),
    ...(effect.facts ?? []),
  ];
  const end = effect.end === undefined ? [] : [ToolCallEnded({ ...of, ...effect.end })];
  return decided([...own, ...end], {}, effect.birth);
}

/** RE4: a load that fails ends that turn, and the parent is told. */
export function loadFailed(state: State, ctx: Context, { agentId, error: text }: CommandOf<'loadFailed'>): Decision {
  const turnId = state.agents[agentId]?.turnId;
  const turn = turnId === undefined ? undefined : state.turns[turnId];
  if (turn === undefined || turn.parked !== undefined || awaitsBinding(state, turn)) return stale;
  const n = state.agents[agentId]!.samplings + 1;
  const sampling: HoldfastFact[] =
    turn.phase === 'sampling' && turn.client === undefined
      ? [SamplingEnded({ turnId: turn.turnId, agentId: turn.agentId, n, outcome: 'failed', error: text })]
      : [];
  return decided([...cancelCalls(turn, `aborted: ${text}`), ...sampling, ...failure(state, ctx, turn, text)], {});
}

export const unloadAbandoned = (
  _state: State,
  _ctx: Context,
  { agentId, afterMs }: CommandOf<'unloadAbandoned'>,
): Decision => decided([UnloadAbandoned({ agentId: agentId as AgentId, afterMs })], {});
