/** Why a slot is held, or was, and why something was refused. */
import type { EventOf, HoldfastEvent } from '../../../events/catalogue.ts';
import type { Agent, State } from '../../../projections/state.ts';
import { statusOf } from '../../../projections/status.ts';
import { Refused } from '../exitCodes.ts';
import { agentNamed } from '../words/agentNamed.ts';
import { short } from '../words/line.ts';
import { nameIn } from '../words/names.ts';
import { means } from './evidence.ts';
import { is, isTurnLife, notFound, type Question, type Reason } from './question.ts';

type SlotEvent = EventOf<'SlotReserved'> | EventOf<'SlotCommitted'> | EventOf<'SlotReleased'>;
const isSlot = is('SlotReserved', 'SlotCommitted', 'SlotReleased');

async function slotEvents({ state, evidence }: Question, wanted: (e: SlotEvent) => boolean): Promise<SlotEvent[]> {
  const found: SlotEvent[] = [];
  for (const rootId of state.roots)
    for (const event of await evidence.ofStream(`slot/${rootId}`, isSlot))
      if (isSlot(event) && wanted(event)) found.push(event);
  return found;
}

const agentOrNothing = (state: State, id: string): Agent | undefined => {
  try {
    return agentNamed(state, id);
  } catch (error) {
    if (error instanceof Refused && error.code === 'HOLDFAST_AGENT_NOT_FOUND') return undefined;
    throw error;
  }
};

export const slot: Reason = async (question) => {
  const { state, evidence, id } = question;
  let events = await slotEvents(question, (e) => means(e.data.reservationId, id));
  if (events.length === 0) {
    const agent = agentOrNothing(state, id);
    if (agent === undefined)
      throw notFound(
        'slot',
        id,
        '`holdfast show slots` lists the slots, `holdfast log --type SlotReserved` all there were',
      );
    const all = await slotEvents(question, (e) => e.data.agentId === agent.agentId);
    const newest = all.findLast((e) => e.type === 'SlotReserved')?.data.reservationId;
    events = all.filter((e) => e.data.reservationId === newest);
    if (state.slots.queuedBy[agent.agentId] !== undefined) return waitingForSlot(question, agent);
    if (events.length === 0) return `${nameIn(state, agent)} has never had a slot`;
  }
  evidence.add(...events);
  const [reserved] = events;
  await evidence.causesOf(reserved!);
  const released = events.find(is('SlotReleased'));
  const started = await turnOf(question, events.find(is('SlotCommitted'))?.data.turnId);
  evidence.add(...started);
  const holder = nameIn(state, state.agents[reserved!.data.agentId]!);
  const named = `slot ${short(reserved!.data.reservationId)}`;
  return released === undefined
    ? `${named} is held by ${holder} since #${reserved!.position}, and is not released because ${busy(state, reserved!.data.agentId)}`
    : `${named} was held by ${holder} from #${reserved!.position} to #${released.position} (${released.data.reason})`;
};

/** What keeps the turn of an agent from its end. */
function busy(state: State, agentId: string): string {
  const { is, what, position } = statusOf(state, state.agents[agentId]!);
  return `its turn is ${is}${what === undefined ? '' : ` (${what})`} since #${position}`;
}

const turnOf = async ({ evidence }: Question, turnId: string | undefined): Promise<HoldfastEvent[]> =>
  turnId === undefined ? [] : evidence.ofStream(`turn/${turnId}`, isTurnLife);

async function waitingForSlot({ state, evidence }: Question, agent: Agent): Promise<string> {
  const tree = state.slots.trees[agent.rootId]!;
  const entry = tree.entries[state.slots.queuedBy[agent.agentId]!]!;
  const queued = await evidence.at(entry.position);
  evidence.add(queued);
  if (queued !== undefined) await evidence.causesOf(queued);
  for (const held of Object.values(tree.held)) evidence.add(await evidence.at(held.position));
  const holders = Object.values(tree.held).map(({ agentId }) => nameIn(state, state.agents[agentId]!));
  return `${nameIn(state, agent)} waits for a slot since #${entry.position}; they are held by ${holders.join(', ') || 'nobody'}`;
}

const isRefusal = is('SlotRefused', 'LimitRefused');

export const refusal: Reason = async ({ state, evidence, id }) => {
  const streams = [...state.roots.map((rootId) => `slot/${rootId}`), 'fleet'];
  const all: Extract<HoldfastEvent, { type: 'SlotRefused' | 'LimitRefused' }>[] = [];
  for (const stream of streams)
    for (const e of await evidence.ofStream(stream, isRefusal)) if (isRefusal(e)) all.push(e);
  all.sort((a, b) => a.position - b.position);
  const event = id === 'last' ? all.at(-1) : all.find((e) => means(e.data.refusalId, id));
  if (event === undefined)
    throw notFound('refusal', id, '`holdfast log --type SlotRefused,LimitRefused` lists them; `last` is the newest');
  evidence.add(event);
  await evidence.causesOf(event);
  await evidence.consequencesOf(event, is('ToolCallEnded', 'CommandAnswered'));
  const { limit, number, holders, wouldFree } = event.data;
  for (const { since, reservationId } of holders) {
    evidence.add(await evidence.at(since));
    // What freed it in the end, if anything has.
    if (reservationId === undefined || event.type !== 'SlotRefused') continue;
    const released = (e: HoldfastEvent) => e.type === 'SlotReleased' && e.data.reservationId === reservationId;
    evidence.add(...(await evidence.ofStream(event.stream, released)));
  }
  const who = holders.map(({ path }) => path).join(', ');
  return `refused at #${event.position}: ${limit} is ${number}${who === '' ? '' : `, taken by ${who}`}; what would free one: ${wouldFree}`;
};
