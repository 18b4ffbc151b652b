/** What a batch makes the outside do, as data: executed after the batch is durable, never before (LO1). */
import type { DataOf, HoldfastEvent } from '../../events/catalogue.ts';
import { servedByClient } from '../../projections/answering.ts';
import { callAskedOf } from '../../projections/approvals.ts';
import { type CallRef, openCall } from '../../projections/calls.ts';
import type { Call, Cell, State, Turn } from '../../projections/state.ts';
import { asksModel, awaitsBinding, bindingOf } from '../../projections/taskBindings.ts';
import { abandoned } from '../../projections/workspaces.ts';
import type { Command } from '../decide/command.ts';
import { allLive } from '../decide/leases.ts';

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
  | { readonly do: 'cancelTurn'; readonly turnId: string }
  /** Whoever carries out this call lets go. */
  | ({ readonly do: 'cancel' } & CallRef)
  | ({ readonly do: 'expire'; readonly at: number } & CallRef)
  | { readonly do: 'startProcess'; readonly processId: number }
  /** Wait for the end of a command or a cell, or for the yield time, then end the call; after a restart settle it first (TU6). */
  | ({ readonly do: 'collect'; readonly resumed: boolean } & CallRef)
  /** Something happened to a cell: it goes on with what is durable, and whoever waits looks again. `resume`: from this generation. */
  | { readonly do: 'cell'; readonly cellId: string; readonly inputs: number; readonly resume?: number }
  | { readonly do: 'stopProcess'; readonly processId: number }
  | { readonly do: 'acknowledge'; readonly processId: number }
  /** A new life: meet the host, learn what became of the processes that the last one left, and of those that it was stopping. */
  | { readonly do: 'reconcile'; readonly open: readonly number[]; readonly stopping: readonly number[] }
  /** What people are asked has changed, or who could ask them. */
  | { readonly do: 'askPeople' }
  | { readonly do: 'registerIdentity'; readonly key: string }
  | { readonly do: 'registerTask'; readonly agentId: string; readonly key: string }
  /** A worktree is made, or found as the last life made it; or it is let go. */
  | { readonly do: 'makeWorkspace' | 'releaseWorkspace'; readonly agentId: string }
  /** Nobody waits for the answer to this request any more. */
  | { readonly do: 'giveUpRegistration'; readonly key: string }
  /** Another task is registered before this one ends. */
  | { readonly do: 'renewTask'; readonly agentId: string };

/** Turns and cells whose next call can be decided at once: that is no effect, it touches nothing outside. */
export function undecided(state: State, batch: readonly HoldfastEvent[]): Command[] {
  const turns = new Set<string>();
  const cells = new Set<string>();
  for (const { type, data } of batch) {
    if (type === 'ModelSampled' || type === 'ToolCallStarted' || type === 'TurnResumed') turns.add(data.turnId);
    if (type === 'CellDrained' || type === 'CellToolStarted' || type === 'CellToolEnded') cells.add(data.cellId);
    if (type === 'EngineStarted') for (const cell of live(state)) cells.add(cell.cellId);
  }
  return [
    ...[...turns]
      .filter((id) => (state.turns[id]?.pending.length ?? 0) > 0)
      .map((turnId): Command => ({ do: 'carryOut', turnId })),
    ...[...cells]
      .filter((id) => state.cells.all[id]!.undecided.length > 0)
      .map((cellId): Command => ({ do: 'carryOutCell', cellId })),
  ];
}

const live = (state: State): Cell[] =>
  Object.values(state.cells.live).flatMap((cells) => Object.keys(cells).map((cellId) => state.cells.all[cellId]!));

const inOrder = (calls: Readonly<Record<string, Call>>): Call[] =>
  Object.values(calls).sort((a, b) => a.position - b.position);

/** What an open call waits for. */
const awaited = (ref: CallRef, { tool, until }: Call, resumed: boolean): Effect =>
  tool === 'wait_agent' ? { do: 'expire', ...ref, at: until ?? 0 } : { do: 'collect', ...ref, resumed };

const reopen = ({ turnId, calls }: Turn): Effect[] =>
  inOrder(calls).map((call) => awaited({ turnId, callId: call.callId }, call, true));

/** Its open calls, its next timer, and whatever it has not gone on with. */
const reopenCell = (cell: Cell): Effect[] => [
  ...inOrder(cell.calls)
    .filter(({ callId }) => !cell.undecided.includes(callId))
    .map((call) => awaited({ cellId: cell.cellId, callId: call.callId }, call, true)),
  goOn(cell),
];

const goOn = ({ cellId, inputs, frontier }: Cell): Effect => ({
  do: 'cell',
  cellId,
  inputs,
  ...(frontier?.resume !== undefined && { resume: frontier.generation }),
});

/** What this life requests and stops itself has effects of its own, each after its batch is durable. */
function leftOpen(state: State): Effect {
  const open = allLive(state);
  const stopping = open.filter(({ stop }) => stop !== undefined);
  return { do: 'reconcile', open: open.map((p) => p.processId), stopping: stopping.map((p) => p.processId) };
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
  awaitsBinding(state, turn) ? [{ do: 'cancelTurn', turnId: turn.turnId }] : [];

/** Turns whose model is the client of this root. */
const answeredBy = (state: State, rootId: string): Turn[] =>
  Object.values(state.turns).filter((turn) => turn.rootId === rootId && servedByClient(state, turn.agentId));

const renewal = (state: State, agentId: string): Effect[] =>
  bindingOf(state, agentId)?.expiresAt === undefined ? [] : [{ do: 'renewTask', agentId }];

function ofEvent(state: State, event: HoldfastEvent, batch: readonly HoldfastEvent[]): Effect[] {
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
      return [{ do: 'cancelTurn', turnId: data.turnId }];
    case 'ToolCallStarted':
    case 'CellToolStarted': {
      const ref = refIn(data);
      const call = openCall(state, ref);
      return call === undefined ? [] : [awaited(ref, call, false)];
    }
    case 'ApprovalAnswered': {
      const ref = callAskedOf(data);
      const call = openCall(state, ref);
      return call === undefined ? [] : [awaited(ref, call, false)];
    }
    case 'ToolCallEnded':
    case 'CellToolEnded':
      return [{ do: 'cancel', ...refIn(data) }];
    case 'ProcessRequested':
      return [{ do: 'startProcess', processId: data.processId }];
    case 'ProcessStopRequested':
      // What a start itself ends is ended when the host has been met: `reconcile` names it.
      return batch[0]!.type === 'EngineStarted' ? [] : [{ do: 'stopProcess', processId: data.processId }];
    case 'ProcessExited':
    case 'ProcessTerminated':
    case 'ProcessLaunchFailed':
      return [{ do: 'acknowledge', processId: data.processId }];
    case 'EngineStarted':
      return [
        leftOpen(state),
        ...Object.values(state.turns).flatMap((turn) => (turn.parked === undefined ? [] : reopen(turn))),
        ...live(state).flatMap(reopenCell),
        ...askedBefore(state, event.position),
        ...Object.entries(state.workspaces?.of ?? {}).flatMap(([agentId, { path, failed }]): Effect[] =>
          path === undefined && failed === undefined ? [{ do: 'makeWorkspace', agentId }] : [],
        ),
      ];
    case 'WorkspaceRequested':
      return [{ do: 'makeWorkspace', agentId: data.agentId }];
    case 'TurnStarted':
    case 'TurnUnparked':
    case 'TaskBound':
      return renewal(state, data.agentId);
    case 'TurnResumed': {
      const turn = state.turns[data.turnId];
      return turn === undefined ? [] : [...reopen(turn), ...renewal(state, data.agentId)];
    }
    case 'ClientLeft':
      // What its model was asked is asked again when it is back.
      return answeredBy(state, data.agentId).map(({ turnId }) => ({ do: 'cancelTurn', turnId }));
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

const refIn = (
  data: DataOf<'ToolCallStarted'> | DataOf<'ToolCallEnded'> | DataOf<'CellToolEnded'> | DataOf<'CellToolStarted'>,
): CallRef =>
  'turnId' in data ? { turnId: data.turnId, callId: data.callId } : { cellId: data.cellId, callId: data.callId };

/** One for each cell of a batch, after all else that the batch leads to. */
function cellsTouched(state: State, batch: readonly HoldfastEvent[]): Effect[] {
  const found = new Set<string>();
  for (const { type, stream } of batch) {
    if (type !== 'FrontierObserved' && stream.startsWith('cell/')) found.add(stream.slice('cell/'.length));
  }
  return [...found].map((cellId) => goOn(state.cells.all[cellId]!));
}

const changesQuestions = new Set<HoldfastEvent['type']>([
  'ApprovalAsked',
  'ApprovalAnswered',
  'ClientJoined',
  'ClientLeft',
]);

/** After these a worktree may be left that nobody works in any more. */
const leavesWorkspaces = new Set<HoldfastEvent['type']>([
  'EngineStarted',
  'AgentClosed',
  'WorkspaceMade',
  'ProcessExited',
  'ProcessTerminated',
  'ProcessLost',
  'ProcessLaunchFailed',
]);

const startsSampling = new Set<HoldfastEvent['type']>([
  'TurnStarted',
  'TurnUnparked',
  'TurnResumed',
  'SamplingEnded',
  'HistoryCompacted',
  'ToolCallEnded',
]);

const none: readonly string[] = [];

/** Turns that this event may let ask their model. */
function mayAsk(state: State, { type, data }: HoldfastEvent): readonly string[] {
  if (type === 'ClientJoined') return answeredBy(state, data.agentId).map(({ turnId }) => turnId);
  const turnId =
    type === 'TaskBound' || type === 'WorkspaceMade'
      ? state.agents[data.agentId]?.turnId
      : startsSampling.has(type) && 'turnId' in data
        ? data.turnId
        : undefined;
  return turnId === undefined ? none : [turnId];
}

export function react(state: State, batch: readonly HoldfastEvent[]): Effect[] {
  const effects = batch.flatMap((event) => ofEvent(state, event, batch));
  effects.push(...cellsTouched(state, batch));
  if (batch.some(({ type }) => changesQuestions.has(type))) effects.push({ do: 'askPeople' });
  if (batch.some(({ type }) => leavesWorkspaces.has(type)))
    effects.push(...abandoned(state).map((agentId): Effect => ({ do: 'releaseWorkspace', agentId })));
  const asked = new Set<string>();
  for (const event of batch) {
    for (const turnId of mayAsk(state, event)) {
      if (asked.has(turnId)) continue;
      asked.add(turnId);
      const turn = state.turns[turnId];
      if (turn === undefined || !asksModel(state, turn)) continue;
      const { agentId } = turn;
      effects.push({
        do: 'sample',
        turnId,
        agentId,
        n: state.agents[agentId]!.samplings + 1,
        notBefore: turn.retryAt ?? 0,
      });
    }
  }
  return effects;
}
