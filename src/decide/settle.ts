/**
 * What follows from a batch's own events, in the same batch: waits that are answered, turns that park, mail that goes
 * into a next sampling, turns that queue, slots that are granted. Each rule is a pure function of the state after what
 * came before; the engine applies its facts and asks again until it has none.
 */
import type { HoldfastEvent, HoldfastFact } from '../../events/catalogue.ts';
import type { QueueId } from '../../events/ids.ts';
import { SlotReleased, TurnQueued } from '../../events/slot.ts';
import { TurnParked } from '../../events/turn.ts';
import { cellKey, inWait } from '../../projections/activity.ts';
import { awaitsAnswer } from '../../projections/approvals.ts';
import type { Caller } from '../../projections/calls.ts';
import { isInWait } from '../../projections/cells.ts';
import type { Agent, Cell, Letter, State, Turn } from '../../projections/state.ts';
import { wantsUnpark } from '../../projections/turns.ts';
import { clientsLeave, isLeft, mailForClients } from './client.ts';
import type { Context, NewAgent } from './decision.ts';
import { freeSlots, isRoot, startNew, startTurn, takeMail, treeOf, unpark } from './grant.ts';
import { leases } from './leases.ts';
import { notices } from './notices.ts';
import { bind } from './registration.ts';
import { answerWait, hasUntold } from './wait.ts';
import { workspaces } from './workspace.ts';

/** `birth`: an agent of this batch that is not there yet, and has a free slot. */
export type Rule = (
  state: State,
  ctx: Context,
  batch: readonly HoldfastEvent[],
  birth: NewAgent | undefined,
) => HoldfastFact[];

const turnsIn = (state: State, batch: readonly HoldfastEvent[]): Turn[] => {
  const found = new Set<string>();
  for (const { data } of batch) if ('turnId' in data && data.turnId !== undefined) found.add(data.turnId);
  return [...found].flatMap((id) => state.turns[id] ?? []);
};

const cellsIn = (state: State, batch: readonly HoldfastEvent[]): Cell[] => {
  const found = new Set<string>();
  for (const { data } of batch) if ('cellId' in data && data.cellId !== undefined) found.add(data.cellId);
  return [...found].flatMap((id) => state.cells.all[id] ?? []);
};

const agentsIn = (state: State, batch: readonly HoldfastEvent[]): Agent[] => {
  const found = new Set<Agent>();
  for (const { type, data } of batch) {
    const id = type === 'MailAccepted' ? data.to : 'agentId' in data ? data.agentId : undefined;
    const agent = id === undefined ? undefined : state.agents[id];
    if (agent !== undefined) found.add(agent);
  }
  return [...found];
};

const rootsIn = (state: State, batch: readonly HoldfastEvent[]): Set<string> => {
  if (batch.some((e) => e.type === 'LimitsChanged' || e.type === 'EngineStarted')) return new Set(state.roots);
  return new Set(agentsIn(state, batch).map((agent) => agent.rootId));
};

/** MA5 and SL10: judges all waits of the touched trees on one state; parks who is in wait and not answered. */
export const waits: Rule = (state, _ctx, batch, birth) => {
  const parks: HoldfastFact[] = [];
  const answers: HoldfastFact[] = [];
  for (const rootId of rootsIn(state, batch)) {
    const { busy, busyCount, waiting, waitingCount } = state.activity[rootId]!;
    if (waitingCount === 0) continue;
    const answered = new Set<Caller>();
    // Whoever this batch is about to start or to queue counts as well.
    const coming = wanting(state, batch).filter(
      (agent) => agent.rootId === rootId && agent.turnId === undefined,
    ).length;
    const born = birth?.spawned.rootId === rootId ? 1 : 0;
    let running = busyCount + treeOf(state, { rootId }).unstarted + coming + born;
    const touched = candidates(state, batch, rootId);
    for (const waiter of touched) {
      if (waiter.waits === 0 || !hasUntold(state, waiter)) continue;
      answered.add(waiter);
      const counted = !waitsForOthers(state, waiter) || willBeNotified(state, waiter);
      if ('turnId' in waiter && isLeft(state, waiter) && waiter.open === waiter.waits) running -= counted ? 1 : 0;
      else if (!counted) running += 1;
      answers.push(...answerWait(state, waiter, 'mail'));
    }
    // Only who is the one busy waiter itself, or everybody, can have nothing to wait for.
    const judged =
      running === 0 ? Object.keys(waiting) : running === 1 ? Object.keys(busy).filter((key) => waiting[key]) : [];
    for (const key of judged) {
      const waiter = waiterOf(state, key);
      if (answered.has(waiter) || (state.mail.inboxes[waiter.agentId]?.unread.length ?? 0) > 0) continue;
      if (willBeNotified(state, waiter)) continue;
      answered.add(waiter);
      answers.push(...answerWait(state, waiter, 'nothing'));
    }
    for (const waiter of touched)
      if ('turnId' in waiter && !answered.has(waiter) && !cellsAnswered(waiter, answered))
        parks.push(...park(state, waiter));
  }
  return [...parks, ...answers];
};

const waiterOf = (state: State, key: string): Caller =>
  state.turns[key] ?? state.cells.all[key.slice(cellKey('').length)]!;

const waitsForOthers = (state: State, waiter: Caller): boolean =>
  'turnId' in waiter ? inWait(state, waiter) : isInWait(waiter);

/** A process of its agent will end the wait. */
const willBeNotified = (state: State, { agentId }: Caller): boolean => state.processes.notifying[agentId] !== undefined;

/** A turn that only waits for a cell goes on with it. */
const cellsAnswered = ({ calls }: Turn, answered: ReadonlySet<Caller>): boolean =>
  [...answered].some(
    (waiter) => 'cellId' in waiter && Object.values(calls).some((call) => call.cellId === waiter.cellId),
  );

/** Whose waits this batch can have changed: by their own calls, those of a cell they wait for, or mail to their agent. */
function candidates(state: State, batch: readonly HoldfastEvent[], rootId: string): Caller[] {
  const found = new Set<Caller>(turnsIn(state, batch));
  const of = (agentId: string) => {
    const turn = state.turns[state.agents[agentId]!.turnId ?? ''];
    if (turn !== undefined) found.add(turn);
  };
  const withTurn = (cell: Cell) => {
    if (cell.end === undefined) found.add(cell);
    of(cell.agentId);
  };
  for (const cell of cellsIn(state, batch)) withTurn(cell);
  for (const event of batch) {
    if (event.type === 'LimitsChanged')
      for (const key in state.activity[rootId]!.waiting) {
        const waiter = waiterOf(state, key);
        if ('turnId' in waiter) found.add(waiter);
        else withTurn(waiter);
      }
    // What an interrupted turn gives back is there for the cells of its agent.
    const to = event.type === 'MailAccepted' ? event.data.to : event.type === 'MailReturned' ? event.data.agentId : '';
    if (to === '') continue;
    of(to);
    for (const cellId in state.cells.live[to]) found.add(state.cells.all[cellId]!);
  }
  return [...found].filter((waiter) => waiter.rootId === rootId);
}

function park(state: State, turn: Turn): HoldfastFact[] {
  const { turnId, agentId, rootId, reservationId } = turn;
  const asks = state.fleet.file?.approvals?.park === true && awaitsAnswer(turn);
  if (state.fleet.limits.whenFull !== 'queue' || reservationId === undefined) return [];
  if (!asks && !inWait(state, turn)) return [];
  const untils = Object.values(turn.calls).flatMap(({ until }) => until ?? []);
  return [
    TurnParked({ turnId, agentId, ...(untils.length > 0 && { until: Math.max(...untils) }) }),
    SlotReleased({ reservationId, agentId, rootId, reason: 'parked' }),
  ];
}

/** AP5: who waits for the answer of a person gives back its slot, if the fleet file says so. */
export const parkAsked: Rule = (state, _ctx, batch) => {
  if (state.approvals === undefined || state.fleet.file?.approvals?.park !== true) return [];
  const all = batch.some(({ type }) => type === 'LimitsChanged');
  const touched = all ? Object.values(state.turns) : turnsIn(state, batch);
  return touched.flatMap((turn) => (awaitsAnswer(turn) ? park(state, turn) : []));
};

/** After these a turn may be about to ask its model (again). */
const endsWait = new Set<HoldfastEvent['type']>(['ToolCallEnded', 'SamplingEnded', 'HistoryCompacted']);

/** MA3: before each further sampling a turn takes what came in meanwhile, also in a pause before it or while it had no task. */
export const mailForSampling: Rule = (state, ctx, batch) => {
  const found = new Set(
    turnsIn(
      state,
      batch.filter((e) => endsWait.has(e.type)),
    ),
  );
  for (const agent of agentsIn(
    state,
    batch.filter((e) => e.type === 'MailAccepted'),
  )) {
    const turn = agent.turnId === undefined ? undefined : state.turns[agent.turnId];
    if ((turn?.retryAt ?? 0) > ctx.at) found.add(turn!);
  }
  for (const { type, data } of batch) {
    const turnId = type === 'TaskBound' && data.origin !== 'renewal' ? state.agents[data.agentId]!.turnId : undefined;
    if (turnId !== undefined) found.add(state.turns[turnId]!);
  }
  return [...found].flatMap((turn) =>
    turn.phase === 'sampling' && turn.parked === undefined && turn.client === undefined
      ? takeMail(state, turn.agentId, turn.turnId)
      : [],
  );
};

/** Agents of this batch that should run and do not: a trigger is unread, or a parked turn's wait has ended. */
function wanting(state: State, batch: readonly HoldfastEvent[]): Agent[] {
  return agentsIn(state, batch).filter((agent) => {
    if (agent.last.is === 'closed' || state.slots.queuedBy[agent.agentId] !== undefined) return false;
    // A client's turn starts when it comes or calls.
    if (agent.client !== undefined) return false;
    const turn = agent.turnId === undefined ? undefined : state.turns[agent.turnId];
    return turn === undefined ? (state.mail.inboxes[agent.agentId]?.triggers ?? 0) > 0 : wantsUnpark(turn);
  });
}

/** What wants an agent to run that has no turn. */
const newestTrigger = (state: State, agent: Agent): Letter =>
  state.mail.inboxes[agent.agentId]!.unread.map((id) => state.mail.letters[id]!).findLast(
    (letter) => letter.trigger && letter.spent === undefined,
  )!;

const purposeOf = (state: State, agent: Agent, batch: readonly HoldfastEvent[]) => {
  if (agent.turnId !== undefined) return 'unpark' as const;
  if (batch.some((e) => e.type === 'AgentSpawned' && e.data.agentId === agent.agentId)) return 'spawn' as const;
  const ended = ['TurnCompleted', 'TurnFailed', 'TurnInterrupted'];
  if (batch.some((e) => ended.includes(e.type) && 'agentId' in e.data && e.data.agentId === agent.agentId))
    return 'continuation' as const;
  return newestTrigger(state, agent).kind === 'followup' ? ('followup' as const) : ('turn' as const);
};

/** SL5, SL6, SL9: whoever finds no slot, or others before it, joins the queue. */
export const joinQueue: Rule = (state, ctx, batch, birth) => {
  const facts: HoldfastFact[] = [];
  const taken = new Map<string, number>(birth === undefined ? [] : [[birth.spawned.rootId, 1]]);
  for (const agent of wanting(state, batch)) {
    if (isRoot(agent)) continue;
    const { agentId, rootId } = agent;
    const tree = treeOf(state, agent);
    const before = taken.get(rootId) ?? 0;
    taken.set(rootId, before + 1);
    const free = freeSlots(state, tree);
    if (before < free) continue;
    const joinedBefore = before - Math.max(free, 0);
    facts.push(
      TurnQueued({
        queueId: ctx.id<QueueId>(),
        agentId,
        rootId,
        purpose: purposeOf(state, agent, batch),
        mailIds: [...(state.mail.inboxes[agentId]?.unread ?? [])],
        ahead: tree.queue.size + joinedBefore,
        ...(agent.turnId !== undefined && { turnId: agent.turnId }),
      }),
    );
  }
  return facts;
};

/** SL3: whoever found a free slot when it was spawned starts with it. */
export const bear: Rule = (state, ctx, _batch, birth) => (birth === undefined ? [] : startNew(state, ctx, birth));

/** One whole grant at a time, in queue order, then whoever found a free slot at once. */
export const grantNext: Rule = (state, ctx, batch) => {
  const direct = wanting(state, batch);
  for (const rootId of rootsIn(state, batch)) {
    const tree = treeOf(state, { rootId });
    const first = tree.queue.first;
    // Whoever did not have to queue came before those that joined behind it.
    const promised = direct.filter((agent) => agent.rootId === rootId && !isRoot(agent)).length;
    if (first === undefined || tree.heldCount + promised >= state.fleet.limits.activeTurns) continue;
    const entry = tree.entries[first]!;
    const agent = state.agents[entry.agentId]!;
    return entry.turnId === undefined
      ? startTurn(state, ctx, agent, 'queued', 'queued')
      : unpark(state, ctx, agent, state.turns[entry.turnId]!);
  }
  for (const agent of direct) {
    if (agent.turnId !== undefined) return unpark(state, ctx, agent, state.turns[agent.turnId]!);
    const purpose = purposeOf(state, agent, batch);
    const newest = newestTrigger(state, agent).kind;
    const reason = newest === 'followup' ? 'followup' : newest === 'completion' ? 'completion' : 'operator';
    return startTurn(state, ctx, agent, purpose as 'turn', reason);
  }
  return [];
};

/** In this order; grants and bindings until there are no more of them. */
export const rules: readonly { readonly rule: Rule; readonly again: boolean }[] = [
  { rule: notices, again: false },
  { rule: clientsLeave, again: false },
  { rule: waits, again: false },
  { rule: parkAsked, again: false },
  { rule: clientsLeave, again: false },
  { rule: mailForClients, again: false },
  { rule: mailForSampling, again: false },
  { rule: joinQueue, again: false },
  { rule: bear, again: false },
  { rule: grantNext, again: true },
  { rule: workspaces, again: false },
  { rule: leases, again: false },
  { rule: bind, again: true },
];
