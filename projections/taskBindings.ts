/** Which agent is bound to which task, whose registration is under way, and who waits for one (I12). */

import { awaitsClient } from './answering.ts';
import { isRegistered } from './identities.ts';
import { append, emptyOrder, inOrder, isIn, remove } from './order.ts';
import type { Reducers } from './reducers.ts';
import type { Agent, Binding, State, TaskBindings, Turn } from './state.ts';
import { table } from './table.ts';
import { awaitsWorkspace } from './workspaces.ts';

export const noTaskBindings = (): TaskBindings => ({
  newest: table(),
  registering: table(),
  underWay: 0,
  forTurns: emptyOrder(),
  toPrewarm: emptyOrder(),
  lostAttempts: table(),
});

/** The binding that counts: the newest one, of the newest identity. */
export function bindingOf(state: State, agentId: string): Binding | undefined {
  const binding = state.taskBindings.newest[agentId];
  return binding?.identityEpoch === state.identities.current?.identityEpoch ? binding : undefined;
}

const samples = (turn: Turn): boolean =>
  turn.phase === 'sampling' && turn.parked === undefined && turn.client === undefined;

/** The turn cannot ask its model before its agent is bound. */
export const awaitsBinding = (state: State, turn: Turn): boolean =>
  isRegistered(state) && samples(turn) && bindingOf(state, turn.agentId) === undefined;

/** The turn asks its model, or will when a pause is over. */
export const asksModel = (state: State, turn: Turn): boolean =>
  samples(turn) &&
  !awaitsBinding(state, turn) &&
  !awaitsWorkspace(state, turn.agentId) &&
  !awaitsClient(state, turn.agentId);

const turnOf = (state: State, agentId: string): Turn | undefined => {
  const turnId = state.agents[agentId]?.turnId;
  return turnId === undefined ? undefined : state.turns[turnId];
};

const busy = ({ taskBindings }: State, agentId: string): boolean =>
  isIn(taskBindings.forTurns, agentId) || taskBindings.registering[agentId] !== undefined;

function waits(state: State, agentId: string): boolean {
  const turn = isRegistered(state) ? turnOf(state, agentId) : undefined;
  return turn !== undefined && awaitsBinding(state, turn);
}

/** A turn has come to a sampling: whoever was to be prewarmed now is waited for. */
function want(draft: State, agentId: Agent['agentId']): void {
  if (!waits(draft, agentId) || busy(draft, agentId)) return;
  remove(draft.taskBindings.toPrewarm, agentId);
  append(draft.taskBindings.forTurns, agentId);
}

/** Whoever has a turn, in order of their starts, then whoever waits in a queue. */
function* atWork({ turns, slots, roots }: State): Iterable<Agent['agentId']> {
  const models = Object.values(turns).filter((turn) => turn.client === undefined);
  for (const { agentId } of models.sort((a, b) => a.position - b.position)) yield agentId;
  for (const rootId of roots) {
    const { queue, entries } = slots.trees[rootId]!;
    for (const queueId of inOrder(queue)) yield entries[queueId]!.agentId;
  }
}

function prewarmOne(draft: State, agentId: string): void {
  const { toPrewarm } = draft.taskBindings;
  if (busy(draft, agentId) || isIn(toPrewarm, agentId) || bindingOf(draft, agentId) !== undefined) return;
  append(toPrewarm, agentId);
}

/** TB2: at a start, and when the identity is lost, all who are at work are registered ahead. */
function prewarm(draft: State): void {
  if (isRegistered(draft)) for (const agentId of atWork(draft)) prewarmOne(draft, agentId);
}

/** Nobody waits for it any more; a registration that is under way goes on. */
function drop(draft: State, agentId: string): void {
  remove(draft.taskBindings.forTurns, agentId);
  remove(draft.taskBindings.toPrewarm, agentId);
  delete draft.taskBindings.lostAttempts[agentId];
}

function ended(draft: State, agentId: string): void {
  if (draft.taskBindings.registering[agentId] === undefined) return;
  delete draft.taskBindings.registering[agentId];
  draft.taskBindings.underWay -= 1;
}

const wantOf = (draft: State, { data }: { data: { agentId: Agent['agentId'] } }): void => want(draft, data.agentId);
const dropOf = (draft: State, { data }: { data: { agentId: string } }): void => drop(draft, data.agentId);

export const taskBindings: Reducers = {
  EngineStarted: (draft) => {
    const { newest, registering, underWay } = draft.taskBindings;
    draft.taskBindings = { ...noTaskBindings(), newest, registering, underWay };
    prewarm(draft);
  },
  TurnStarted: wantOf,
  TurnUnparked: wantOf,
  SamplingEnded: wantOf,
  ToolCallEnded: wantOf,
  TurnCompleted: dropOf,
  TurnFailed: dropOf,
  TurnInterrupted: dropOf,
  TurnDequeued: (draft, { data }) => {
    if (draft.agents[data.agentId]!.turnId === undefined) drop(draft, data.agentId);
  },
  AgentClosed: (draft, { data }) => {
    drop(draft, data.agentId);
    ended(draft, data.agentId);
    delete draft.taskBindings.newest[data.agentId];
  },
  IdentityRegistrationFailed: (draft, { data }) => {
    if (data.willRetry) return;
    // A prewarming that failed is over; whoever waits for it with a turn tries by itself (TB2).
    const { forTurns, toPrewarm } = draft.taskBindings;
    const waiting = [...inOrder(forTurns), ...inOrder(toPrewarm)] as Agent['agentId'][];
    draft.taskBindings.forTurns = emptyOrder();
    draft.taskBindings.toPrewarm = emptyOrder();
    for (const agentId of waiting) want(draft, agentId);
  },
  IdentityCleared: (draft, { data }) => {
    if (draft.identities.newest !== data.identityEpoch) return;
    for (const agentId of atWork(draft)) want(draft, agentId);
    prewarm(draft);
  },
  TaskRegistrationStarted: (draft, { data, position, at }) => {
    const { agentId, key, identityEpoch, attempt, origin } = data;
    remove(draft.taskBindings.forTurns, agentId);
    remove(draft.taskBindings.toPrewarm, agentId);
    draft.taskBindings.registering[agentId] = { key, identityEpoch, attempt, origin, position, at };
    draft.taskBindings.underWay += 1;
  },
  TaskRegistrationFailed: (draft, { data }) => {
    const { agentId, willRetry } = data;
    const { lostAttempts } = draft.taskBindings;
    ended(draft, agentId);
    if (willRetry) lostAttempts[agentId] = (lostAttempts[agentId] ?? 0) + 1;
    else delete lostAttempts[agentId];
    want(draft, agentId);
    if (willRetry) prewarmOne(draft, agentId);
  },
  TaskBound: (draft, { data, position, at }) => {
    const { agentId, taskId, runtimeId, identityEpoch, origin, expiresAt } = data;
    ended(draft, agentId);
    drop(draft, agentId);
    const before = draft.taskBindings.newest[agentId];
    if (before !== undefined && before.identityEpoch > identityEpoch) return;
    const binding: Binding = { taskId, runtimeId, identityEpoch, origin, position, at };
    if (expiresAt !== undefined) binding.expiresAt = expiresAt;
    draft.taskBindings.newest[agentId] = binding;
  },
  TaskCleared: (draft, { data }) => {
    const binding = draft.taskBindings.newest[data.agentId];
    if (binding?.taskId !== data.taskId || binding.identityEpoch !== data.identityEpoch) return;
    delete draft.taskBindings.newest[data.agentId];
    want(draft, data.agentId);
    const renewal = draft.taskBindings.registering[data.agentId];
    if (renewal !== undefined && waits(draft, data.agentId)) renewal.origin = 'turn';
  },
};
