/** The answers of `why`: for a slot, a refusal, an agent, a process or a mail the events that explain it, and one sentence. */
import type { EventOf, EventType, HoldfastEvent } from '../../events/catalogue.ts';
import type { Agent, State } from '../../projections/state.ts';
import { statusOf } from '../../projections/status.ts';
import { agentNamed } from './agentNamed.ts';
import { type Evidence, means } from './evidence.ts';
import { Refused } from './exitCodes.ts';
import { oneLine, short } from './line.ts';
import { nameIn } from './names.ts';

export interface Question {
  readonly state: State;
  readonly evidence: Evidence;
  readonly id: string;
}

/** Collects the evidence and gives the sentence. */
export type Reason = (question: Question) => Promise<string>;

const notFound = (kind: string, id: string, remedy: string): Refused =>
  new Refused('HOLDFAST_NOT_FOUND', `the log has no ${kind} ${id}`, { remedy, details: { kind, id } });

const is =
  <K extends EventType>(...types: readonly K[]) =>
  (event: HoldfastEvent): event is Extract<HoldfastEvent, { type: K }> =>
    (types as readonly string[]).includes(event.type);

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

const slot: Reason = async (question) => {
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
    ? `${named} is held by ${holder} since #${reserved!.position}`
    : `${named} was held by ${holder} from #${reserved!.position} to #${released.position} (${released.data.reason})`;
};

const isTurnLife = is(
  'TurnStarted',
  'TurnParked',
  'TurnUnparked',
  'TurnResumed',
  'TurnCompleted',
  'TurnFailed',
  'TurnInterrupted',
);

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

const refusal: Reason = async ({ state, evidence, id }) => {
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

const isLife = is(
  'AgentSpawned',
  'AgentLoaded',
  'AgentEvicted',
  'AgentClosed',
  'TurnQueued',
  'TurnDequeued',
  'TurnStarted',
  'TurnParked',
  'TurnUnparked',
  'TurnResumed',
  'TurnCompleted',
  'TurnFailed',
  'TurnInterrupted',
  'SamplingEnded',
  'SlotRefused',
);

/** The newest of these many events of a long life say what it is now. */
const lifeMax = 40;

const agent: Reason = async ({ state, evidence, id }) => {
  const found = agentNamed(state, id);
  const { agentId } = found;
  const life = await evidence.ofAgent(
    agentId,
    (e) => isLife(e) && (e.data as { agentId?: string }).agentId === agentId,
  );
  const spawned = life.find(is('AgentSpawned'));
  if (spawned !== undefined) await evidence.causesOf(spawned);
  evidence.add(spawned, ...life.slice(-lifeMax));
  const status = statusOf(state, found);
  const said = await evidence.at(status.position);
  evidence.add(said);
  if (said !== undefined) await evidence.causesOf(said);
  const memory = state.residents.present[agentId] === undefined ? 'not in memory' : 'in memory';
  return `${nameIn(state, found)} is ${status.is} since #${status.position}${status.what === undefined ? '' : ` (${oneLine(status.what)})`}, ${memory}`;
};

const isMail = is('MailAccepted', 'MailConsumed', 'MailReturned', 'MailRejected');

const mail: Reason = async ({ state, evidence, id }) => {
  for (const { agentId } of Object.values(state.agents)) {
    const events = await evidence.ofStream(`mail/${agentId}`, (e) => isMail(e) && means(e.data.mailId, id));
    const accepted = events.find(is('MailAccepted'));
    if (accepted === undefined) continue;
    evidence.add(...events);
    await evidence.causesOf(accepted);
    const receiver = nameIn(state, state.agents[agentId]!);
    const last = events.at(-1)!;
    switch (last.type) {
      case 'MailConsumed':
        evidence.add(...(await evidence.ofStream(`turn/${last.data.turnId}`, isTurnLife)));
        return `mail ${short(accepted.data.mailId)} was taken by a turn of ${receiver} at #${last.position}`;
      case 'MailRejected':
        return `mail ${short(accepted.data.mailId)} to ${receiver} was rejected at #${last.position}: ${last.data.reason}`;
      default: {
        const status = statusOf(state, state.agents[agentId]!);
        evidence.add(await evidence.at(status.position));
        return `mail ${short(accepted.data.mailId)} is unread: ${receiver} is ${status.is} and takes it with its next ${state.agents[agentId]!.turnId === undefined ? 'turn' : 'sampling'}`;
      }
    }
  }
  throw notFound('mail', id, '`holdfast log --type MailAccepted` lists all mail');
};

const process: Reason = async ({ state, evidence, id }) => {
  const events = await evidence.ofStream(`process/${id}`, () => true);
  const [requested] = events;
  const known = state.processes.all[Number(id)];
  if (requested === undefined || known === undefined) throw notFound('process', id, '`holdfast ps --all` lists them');
  evidence.add(...events);
  await evidence.causesOf(requested);
  const owner = nameIn(state, state.agents[known.agentId]!);
  return known.end === undefined
    ? `process ${id} of ${owner} has not ended`
    : `process ${id} of ${owner} ${known.end.how} at #${known.end.position}: ${known.end.reason ?? known.end.signal ?? `code ${known.end.code}`}`;
};

export const reasons: Readonly<Record<string, Reason>> = { slot, refusal, agent, mail, process };
