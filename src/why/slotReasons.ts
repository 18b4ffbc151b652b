/** Why a slot is held, or was, and why something was refused. */
import type { EventOf, HoldfastEvent } from '../../events/catalogue.ts';
import type { Agent, State } from '../../projections/state.ts';
import { statusOf } from '../../projections/status.ts';
import { Refused } from '../failure.ts';
import { agentNamed } from '../words/agentNamed.ts';
import { short } from '../words/line.ts';
import { nameIn } from '../words/names.ts';
import type { Evidence } from './evidence.ts';
import { begun, is, isTurnLife, notFound, type Question, type Reason } from './question.ts';

type SlotEvent = EventOf<'SlotReserved'> | EventOf<'SlotCommitted'> | EventOf<'SlotReleased'>;
const isSlot = is('SlotReserved', 'SlotCommitted', 'SlotReleased');

/** The life of a slot, from its reservation on. */
async function slotLife(evidence: Evidence, reserved: EventOf<'SlotReserved'>): Promise<SlotEvent[]> {
  const { agentId, reservationId } = reserved.data;
  const life: SlotEvent[] = [reserved];
  for await (const event of evidence.along(agentId, reserved.position + 1)) {
    if (!isSlot(event) || event.data.reservationId !== reservationId) continue;
    life.push(event);
    if (event.type === 'SlotReleased') break;
  }
  return life;
}

/** The newest slot that an agent was given. */
async function newestOf(evidence: Evidence, agentId: string): Promise<EventOf<'SlotReserved'> | undefined> {
  let newest: EventOf<'SlotReserved'> | undefined;
  for await (const event of evidence.along(agentId))
    if (event.type === 'SlotReserved' && event.data.agentId === agentId) newest = event;
  return newest;
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
  const agent = agentOrNothing(state, id);
  if (agent !== undefined && state.slots.queuedBy[agent.agentId] !== undefined) return waitingForSlot(question, agent);
  const reserved =
    agent === undefined
      ? await begun(question, is('SlotReserved'), ({ data }) => data.reservationId)
      : await newestOf(evidence, agent.agentId);
  if (reserved === undefined) {
    if (agent !== undefined) return `${nameIn(state, agent)} has never had a slot`;
    throw notFound(
      'slot',
      id,
      '`holdfast show slots` lists the slots, `holdfast log --type SlotReserved` all there were',
    );
  }
  const events = await slotLife(evidence, reserved);
  evidence.add(...events);
  await evidence.causesOf(reserved);
  const released = events.find(is('SlotReleased'));
  const started = await turnOf(question, events.find(is('SlotCommitted'))?.data.turnId);
  evidence.add(...started);
  const holder = nameIn(state, state.agents[reserved.data.agentId]!);
  const named = `slot ${short(reserved.data.reservationId)}`;
  return released === undefined
    ? `${named} is held by ${holder} since #${reserved.position}, and is not released because ${busy(state, reserved.data.agentId)}`
    : `${named} was held by ${holder} from #${reserved.position} to #${released.position} (${released.data.reason})`;
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

export const refusal: Reason = async (question) => {
  const { evidence, id } = question;
  const event = await begun(question, isRefusal, ({ data }) => data.refusalId);
  if (event === undefined)
    throw notFound('refusal', id, '`holdfast log --type SlotRefused,LimitRefused` lists them; `last` is the newest');
  evidence.add(event);
  await evidence.causesOf(event);
  await evidence.consequencesOf(event, is('ToolCallEnded', 'CommandAnswered'));
  const { limit, number, holders, wouldFree } = event.data;
  for (const { since, reservationId } of holders) {
    const held = await evidence.at(since);
    evidence.add(held);
    // What freed it in the end, if anything has.
    if (reservationId !== undefined && held?.type === 'SlotReserved')
      evidence.add((await slotLife(evidence, held)).find(is('SlotReleased')));
  }
  const who = holders.map(({ path }) => path).join(', ');
  return `refused at #${event.position}: ${limit} is ${number}${who === '' ? '' : `, taken by ${who}`}; what would free one: ${wouldFree}`;
};
