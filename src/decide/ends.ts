/** Ends of turns, each with all that belongs to it in one batch: calls, samplings, mail, slot (TU2, TU3, MA4, MA6). */
import type { DataOf, HoldfastFact } from '../../events/catalogue.ts';
import type { Text } from '../../events/fact.ts';
import type { MailId } from '../../events/ids.ts';
import { MailAccepted, MailReturned } from '../../events/mail.ts';
import { SlotReleased, TurnDequeued } from '../../events/slot.ts';
import { SamplingEnded, TurnCompleted, TurnFailed, TurnInterrupted } from '../../events/turn.ts';
import type { Agent, State, Turn } from '../../projections/state.ts';
import { asksModel } from '../../projections/taskBindings.ts';
import { endOf } from './callEnd.ts';
import type { Context } from './decision.ts';
import { killedByInterrupt, stopping } from './stops.ts';

type ReleaseReason = DataOf<'SlotReleased'>['reason'];

/** What the model of an interrupted agent reads when it goes on. */
export const interruptionNote =
  'The previous turn was interrupted on purpose. Its open tool calls were cancelled; commands that were running may still be running (list_processes shows them). Check what was done before you do it again.';

/** Longest error given to a parent, in characters (about 900 tokens). */
const errorMax = 3600;

export function release(turn: Turn, reason: ReleaseReason): HoldfastFact[] {
  const { agentId, rootId, reservationId } = turn;
  return reservationId === undefined ? [] : [SlotReleased({ reservationId, agentId, rootId, reason })];
}

/** Mail that the model has not seen goes back to its place, its trigger spent. */
export const returnMail = (turn: Turn): HoldfastFact[] =>
  turn.fresh.map((mailId) => MailReturned({ mailId, agentId: turn.agentId, turnId: turn.turnId }));

/** The parent is told, exactly once per turn that completes or fails. */
function tellParent(state: State, ctx: Context, agent: Agent, turn: Turn, text: Text): HoldfastFact[] {
  if (agent.parentId === undefined) return [];
  const parent = state.agents[agent.parentId]!;
  return [
    MailAccepted({
      mailId: ctx.id<MailId>(),
      from: agent.agentId,
      fromPath: agent.path,
      to: parent.agentId,
      kind: 'completion',
      trigger: parent.wake === true,
      text,
      ofTurn: turn.turnId,
    }),
  ];
}

export function completion(state: State, ctx: Context, turn: Turn, message: Text): HoldfastFact[] {
  const agent = state.agents[turn.agentId]!;
  return [
    TurnCompleted({ turnId: turn.turnId, agentId: turn.agentId, message }),
    ...tellParent(state, ctx, agent, turn, message),
    ...release(turn, 'completed'),
  ];
}

/** `ended`: the sampling or the calls that failed, as the first facts. */
export function failure(state: State, ctx: Context, turn: Turn, error: string): HoldfastFact[] {
  const agent = state.agents[turn.agentId]!;
  const cut = error.length > errorMax ? `${error.slice(0, errorMax)}…`.toWellFormed() : error;
  const text = `Agent errored: ${cut}\n\nThis agent's turn failed. It can be given another task with followup_task if it is still needed.`;
  return [
    ...returnMail(turn),
    TurnFailed({ turnId: turn.turnId, agentId: turn.agentId, error: cut }),
    ...tellParent(state, ctx, agent, turn, text),
    ...release(turn, 'failed'),
  ];
}

/** A cell goes on when the call that waited for it is cancelled: the model is told how to come back to it. */
export const leftRunning = (cellId: string): string => `\nScript running with cell ID ${cellId}`;

export const cancelCalls = (turn: Turn, text: string): HoldfastFact[] =>
  Object.values(turn.calls)
    .sort((a, b) => a.position - b.position)
    .map(({ callId, cellId }) =>
      endOf(turn, callId, {
        outcome: 'cancelled',
        output: { text: cellId === undefined ? text : text + leftRunning(cellId) },
      }),
    );

/** A sampling is under way unless the turn waits for its next try, or for its task. */
export const cancelSampling = (state: State, ctx: Context, turn: Turn): HoldfastFact[] => {
  const { turnId, agentId } = turn;
  const underWay = asksModel(state, turn) && (turn.retryAt === undefined || turn.retryAt <= ctx.at);
  return underWay
    ? [SamplingEnded({ turnId, agentId, n: state.agents[agentId]!.samplings + 1, outcome: 'cancelled' })]
    : [];
};

/** TU2: hits the agent's turn in whatever phase it is, parked and queued included; nothing when it has none. */
export function interruption(
  state: State,
  ctx: Context,
  agent: Agent,
  reason: string,
  dequeueReason: DataOf<'TurnDequeued'>['reason'],
): HoldfastFact[] {
  const { agentId, rootId } = agent;
  const queueId = state.slots.queuedBy[agentId];
  const dequeued = queueId === undefined ? [] : [TurnDequeued({ queueId, agentId, rootId, reason: dequeueReason })];
  const turn = agent.turnId === undefined ? undefined : state.turns[agent.turnId];
  if (turn === undefined) return dequeued;
  const seconds = ((ctx.at - turn.at) / 1000).toFixed(1);
  return [
    ...cancelCalls(turn, `Wall time: ${seconds} seconds\naborted: ${reason}`),
    ...cancelSampling(state, ctx, turn),
    ...returnMail(turn),
    ...dequeued,
    TurnInterrupted({ turnId: turn.turnId, agentId, interruptedBy: ctx.by, reason, note: interruptionNote }),
    ...release(turn, 'interrupted'),
    // A closing ends all its processes itself.
    ...(dequeueReason === 'closed' ? [] : stopping(killedByInterrupt(state, agentId), 'interrupted', ctx.by)),
  ];
}
