/** What is wrong after a batch, by the invariants of every prefix of every log (I1–I5, I9) and by the order inside a batch. */
import type { EventType, HoldfastEvent } from '../../events/catalogue.ts';
import type { State } from '../../projections/state.ts';

/** Steps of a batch (events.md, "Order inside a batch"); what is not named here may stand anywhere. */
const steps: Partial<Record<EventType, number>> = {
  TurnParked: 3,
  TurnQueued: 5,
  SlotReserved: 6,
  SlotCommitted: 6,
  TurnStarted: 6,
  TurnUnparked: 6,
};

/** `wait_agent` answered by what came before it. */
const isAnsweredWait = (event: HoldfastEvent): boolean =>
  event.type === 'ToolCallEnded' && event.index > 0 && event.data.output.fields?.timed_out === false;

function orderFaults(batch: readonly HoldfastEvent[]): string[] {
  const faults: string[] = [];
  let reached = 0;
  for (const [i, event] of batch.entries()) {
    if (event.cause >= event.position) faults.push(`I1: ${event.type} has a cause after it`);
    if (event.index !== i || event.of !== batch.length) faults.push(`I1: ${event.type} does not know its place`);
    const step = isAnsweredWait(event) ? 4 : (steps[event.type] ?? reached);
    if (step < reached) faults.push(`${event.type} comes after step ${reached}`);
    reached = step;
  }
  return faults;
}

function slotFaults(state: State, batch: readonly HoldfastEvent[]): string[] {
  const faults: string[] = [];
  const { activeTurns } = state.fleet.limits;
  for (const [rootId, tree] of Object.entries(state.slots.trees)) {
    const slots = Object.values(tree.held);
    if (slots.length !== tree.heldCount) faults.push('I2: slots are miscounted');
    const grew = batch.some((e) => e.type === 'SlotReserved' && e.data.rootId === rootId);
    if (grew && slots.length > activeTurns) faults.push(`I3: ${slots.length} slots are held of ${activeTurns}`);
    for (const { turnId, reservationId } of slots)
      if (turnId !== undefined && state.turns[turnId]?.reservationId !== reservationId)
        faults.push('I3: a slot is held without its turn');
  }
  return faults;
}

/** What is counted of an inbox, so that nobody has to look through it, and what a turn says that it takes. */
function mailFaults({ mail }: State, batch: readonly HoldfastEvent[]): string[] {
  const faults = Object.entries(mail.inboxes).flatMap(([agentId, { unread, triggers }]) => {
    const letters = unread.map((id) => mail.letters[id]!);
    const inOrder = letters.every(({ position }, i) => i === 0 || letters[i - 1]!.position < position);
    return [
      ...(letters.filter(({ trigger, spent }) => trigger && spent === undefined).length === triggers
        ? []
        : [`I4: triggers of ${agentId} are miscounted`]),
      ...(inOrder ? [] : [`I4: the mail of ${agentId} is not in order`]),
    ];
  });
  const started = batch.filter((e) => e.type === 'TurnStarted').map(({ data }) => data);
  const taken = started.filter(({ turnId, mailIds }) => {
    const all = batch.flatMap((e) => (e.type === 'MailConsumed' && e.data.turnId === turnId ? [e.data.mailId] : []));
    return all.join() !== mailIds.join();
  });
  return [...faults, ...taken.map(({ turnId }) => `I4: turn ${turnId} does not take the mail that it names`)];
}

function turnFaults(state: State): string[] {
  return Object.values(state.turns).flatMap((turn) => {
    const { path, parentId } = state.agents[turn.agentId]!;
    const needs = parentId !== undefined && turn.parked === undefined;
    const { reservationId } = turn;
    const has = reservationId !== undefined && state.slots.trees[turn.rootId]!.held[reservationId] !== undefined;
    const here = turn.parked !== undefined || state.residents.present[turn.agentId] !== undefined;
    return [
      ...(needs === has ? [] : [`I3: ${path} ${needs ? 'runs without a' : 'has a needless'} slot`]),
      ...(here ? [] : [`I5: ${path} runs and is not resident`]),
      ...(Object.keys(turn.calls).length === turn.open ? [] : [`I9: open calls of ${path} are miscounted`]),
    ];
  });
}

function residentFaults(state: State, batch: readonly HoldfastEvent[]): string[] {
  const { present, count } = state.residents;
  const agents = Object.keys(present).map((id) => state.agents[id]!);
  const most = Math.max(state.fleet.limits.residents, state.slots.held + 1);
  return [
    ...agents.filter((a) => a.last.is === 'closed').map((a) => `I5: ${a.path} is closed and resident`),
    ...(agents.filter((a) => a.parentId !== undefined).length === count ? [] : ['I5: residents are miscounted']),
    ...(batch.some((e) => e.type === 'AgentLoaded') && count > most ? [`I5: ${count} residents of ${most}`] : []),
  ];
}

export const broken = (state: State, batch: readonly HoldfastEvent[]): string[] => [
  ...orderFaults(batch),
  ...slotFaults(state, batch),
  ...mailFaults(state, batch),
  ...turnFaults(state),
  ...residentFaults(state, batch),
];
