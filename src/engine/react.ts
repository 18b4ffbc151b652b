/** What a batch makes the outside do, as data: executed after the batch is durable, never before (LO1). */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { State, Turn } from '../../projections/state.ts';
import { asksModel, awaitsBinding, bindingOf } from '../../projections/taskBindings.ts';

export type Effect =
  | { readonly do: 'load'; readonly agentId: string }
  | { readonly do: 'unload'; readonly agentId: string }
  /** Ask the model, not before `notBefore` (ms since 1970). */
  | {
      readonly do: 'sample';
      readonly turnId: string;
      readonly agentId: string;
      readonly n: number;
      readonly notBefore: number;
    }
  /** Driver and tools of this turn let go. */
  | { readonly do: 'cancel'; readonly turnId: string; readonly callIds: readonly string[] }
  | { readonly do: 'expire'; readonly turnId: string; readonly callId: string; readonly at: number }
  | { readonly do: 'startProcess'; readonly processId: number }
  /** Wait for a command's end or its yield time, then end the call; after a restart settle it first (TU6). */
  | { readonly do: 'collect'; readonly turnId: string; readonly callId: string; readonly resumed: boolean }
  | { readonly do: 'stopProcess'; readonly processId: number }
  | { readonly do: 'acknowledge'; readonly processId: number }
  /** A new life: meet the host, learn what became of the processes that the last one left, and of those that it was stopping. */
  | { readonly do: 'reconcile'; readonly open: readonly number[]; readonly stopping: readonly number[] }
  | { readonly do: 'registerIdentity'; readonly key: string }
  | { readonly do: 'registerTask'; readonly agentId: string; readonly key: string }
  /** Nobody waits for the answer to this request any more. */
  | { readonly do: 'giveUpRegistration'; readonly key: string }
  /** Another task is registered before this one ends. */
  | { readonly do: 'renewTask'; readonly agentId: string };

/** Turns whose next call can be decided at once: that is no effect, it touches nothing outside. */
export function undecided(state: State, batch: readonly HoldfastEvent[]): string[] {
  const found = new Set<string>();
  for (const { type, data } of batch) {
    if (type === 'ModelSampled' || type === 'ToolCallStarted' || type === 'TurnResumed') found.add(data.turnId);
  }
  return [...found].filter((id) => (state.turns[id]?.pending.length ?? 0) > 0);
}

function reopen(turn: Turn, resumed: boolean): Effect[] {
  return Object.values(turn.calls)
    .sort((a, b) => a.position - b.position)
    .map(({ callId, tool, until }): Effect => {
      const { turnId } = turn;
      return tool === 'wait_agent'
        ? { do: 'expire', turnId, callId, at: until ?? 0 }
        : { do: 'collect', turnId, callId, resumed };
    });
}

/** What this life requests and stops itself has effects of its own, each after its batch is durable. */
function leftOpen(state: State): Effect {
  const processes = Object.values(state.processes.all).filter((process) => process.end === undefined);
  return {
    do: 'reconcile',
    open: processes.map((process) => process.processId),
    stopping: processes.filter((process) => process.stop !== undefined).map((process) => process.processId),
  };
}

/** What the last life had asked the registrar for: asked again under the same key, it gives the one answer. */
function askedBefore(state: State, started: number): Effect[] {
  const { registering } = state.identities;
  const tasks = Object.entries(state.taskBindings.registering)
    .filter(([, { position }]) => position < started)
    .sort(([, a], [, b]) => a.position - b.position)
    .map(([agentId, { key }]): Effect => ({ do: 'registerTask', agentId, key }));
  return registering !== undefined && registering.position < started
    ? [{ do: 'registerIdentity', key: registering.key }, ...tasks]
    : tasks;
}

/** What a model was asked under a task that counts no more is void. */
const askedUnder = (state: State, turn: Turn): Effect[] =>
  awaitsBinding(state, turn) ? [{ do: 'cancel', turnId: turn.turnId, callIds: [] }] : [];

const renewal = (state: State, agentId: string): Effect[] =>
  bindingOf(state, agentId)?.expiresAt === undefined ? [] : [{ do: 'renewTask', agentId }];

function ofEvent(state: State, event: HoldfastEvent): Effect[] {
  const { data, type } = event;
  switch (type) {
    case 'AgentLoaded':
      return [{ do: 'load', agentId: data.agentId }];
    case 'AgentEvicted':
    case 'AgentClosed':
      return [{ do: 'unload', agentId: data.agentId }];
    case 'TurnCompleted':
    case 'TurnFailed':
    case 'TurnInterrupted':
      return [{ do: 'cancel', turnId: data.turnId, callIds: [] }];
    case 'ToolCallStarted': {
      const call = state.turns[data.turnId]?.calls[data.callId];
      if (call === undefined) return [];
      if (call.tool === 'wait_agent')
        return [{ do: 'expire', turnId: data.turnId, callId: data.callId, at: call.until ?? 0 }];
      return [{ do: 'collect', turnId: data.turnId, callId: data.callId, resumed: false }];
    }
    case 'ToolCallEnded':
      return [{ do: 'cancel', turnId: data.turnId, callIds: [data.callId] }];
    case 'ProcessRequested':
      return [{ do: 'startProcess', processId: data.processId }];
    case 'ProcessStopRequested':
      return [{ do: 'stopProcess', processId: data.processId }];
    case 'ProcessExited':
    case 'ProcessTerminated':
    case 'ProcessLaunchFailed':
      return [{ do: 'acknowledge', processId: data.processId }];
    case 'EngineStarted':
      return [
        leftOpen(state),
        ...Object.values(state.turns).flatMap((turn) => (turn.parked === undefined ? [] : reopen(turn, true))),
        ...askedBefore(state, event.position),
      ];
    case 'TurnStarted':
    case 'TurnUnparked':
    case 'TaskBound':
      return renewal(state, data.agentId);
    case 'TurnResumed': {
      const turn = state.turns[data.turnId];
      return turn === undefined ? [] : [...reopen(turn, true), ...renewal(state, data.agentId)];
    }
    case 'IdentityRegistrationStarted':
      return [{ do: 'registerIdentity', key: data.key }];
    case 'TaskRegistrationStarted':
      return [{ do: 'registerTask', agentId: data.agentId, key: data.key }];
    case 'TaskRegistrationFailed':
      return [{ do: 'giveUpRegistration', key: data.key }];
    case 'IdentityCleared':
      return Object.values(state.turns).flatMap((turn) => askedUnder(state, turn));
    case 'TaskCleared': {
      const { turnId } = state.agents[data.agentId]!;
      return turnId === undefined ? [] : askedUnder(state, state.turns[turnId]!);
    }
    default:
      return [];
  }
}

const startsSampling = new Set(['TurnStarted', 'TurnUnparked', 'TurnResumed', 'SamplingEnded', 'ToolCallEnded']);

export function react(state: State, batch: readonly HoldfastEvent[]): Effect[] {
  const effects = batch.flatMap((event) => ofEvent(state, event));
  const asked = new Set<string>();
  for (const { type, data } of batch) {
    const of = type === 'TaskBound' ? state.agents[data.agentId] : startsSampling.has(type) ? data : undefined;
    if (of === undefined || !('turnId' in of) || of.turnId === undefined || asked.has(of.turnId)) continue;
    asked.add(of.turnId);
    const turn = state.turns[of.turnId];
    if (turn === undefined || !asksModel(state, turn)) continue;
    const { turnId, agentId } = turn;
    effects.push({
      do: 'sample',
      turnId,
      agentId,
      n: state.agents[agentId]!.samplings + 1,
      notBefore: turn.retryAt ?? 0,
    });
  }
  return effects;
}
