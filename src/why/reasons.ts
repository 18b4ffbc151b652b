/** The answers of `why`: the events that explain an agent, a mail, a process, a slot or a refusal, and one sentence. */
import type { EventOf, HoldfastEvent } from '../../events/catalogue.ts';
import { inOrder } from '../../projections/order.ts';
import { statusOf } from '../../projections/status.ts';
import { agentNamed } from '../words/agentNamed.ts';
import { beginningOf } from '../words/describe.ts';
import { oneLine, short } from '../words/line.ts';
import { nameIn } from '../words/names.ts';
import { duration } from '../words/quantity.ts';
import { type Times, timesOf } from './agentTime.ts';
import type { Evidence } from './evidence.ts';
import { begun, is, isTurnLife, notFound, type Question, type Reason } from './question.ts';
import { refusal, slot } from './slotReasons.ts';
import { task, taskStory } from './taskReasons.ts';

const isStanding = is(
  'AgentSpawned',
  'AgentLoaded',
  'AgentEvicted',
  'AgentClosed',
  'TurnQueued',
  'TurnDequeued',
  'SamplingEnded',
  'SlotRefused',
);
const isLife = (event: HoldfastEvent): boolean => isStanding(event) || isTurnLife(event);

/** The newest of these many events of a long life say what it is now. */
const lifeMax = 40;

const agent: Reason = async (question) => {
  const { state, evidence, id } = question;
  const found = agentNamed(state, id);
  const { agentId } = found;
  const all: HoldfastEvent[] = [];
  for await (const event of evidence.along(agentId)) all.push(event);
  const life = all.filter((e) => isLife(e) && (e.data as { agentId?: string }).agentId === agentId);
  const spawned = life.find(is('AgentSpawned'));
  if (spawned !== undefined) await evidence.causesOf(spawned);
  evidence.add(spawned, ...life.slice(-lifeMax));
  await taskStory(evidence, agentId);
  const status = statusOf(state, found);
  const said = await evidence.at(status.position);
  evidence.add(said);
  if (said !== undefined) await evidence.causesOf(said);
  const now = `${nameIn(state, found)} is ${status.is} since #${status.position}${status.what === undefined ? '' : ` (${oneLine(status.what)})`}`;
  return `${now}, ${memoryOf(question, agentId, life)}; ${timeText(timesOf(agentId, all, state.at))}`;
};

/** Whether it is in memory, and what decided that. */
function memoryOf({ state }: Question, agentId: string, life: readonly HoldfastEvent[]): string {
  const { residents, fleet } = state;
  if (residents.present[agentId] === undefined) {
    const left = life.findLast((e) => e.type === 'AgentEvicted' || e.type === 'AgentClosed');
    if (left?.type !== 'AgentEvicted') return 'not in memory';
    const { reason, wantedBy } = left.data;
    const room = wantedBy === undefined ? '' : ` to make room for ${nameIn(state, state.agents[wantedBy]!)}`;
    return `not in memory: evicted at #${left.position} (${reason})${room}`;
  }
  if (state.agents[agentId]!.parentId === undefined) return 'in memory as every root';
  const before = [...inOrder(residents.idle)].indexOf(agentId);
  return before < 0
    ? 'in memory because it is in a turn'
    : `in memory (${residents.count} of ${fleet.limits.residents} places taken, ${before} would go before it)`;
}

const timeText = (times: Times): string => {
  const parts = Object.entries(times).flatMap(([what, ms]) => (ms === 0 ? [] : [`${what} ${duration(ms)}`]));
  return `its time: ${parts.join(', ') || 'none'}`;
};

const isMail = is('MailAccepted', 'MailConsumed', 'MailReturned', 'MailRejected');

const isTurnEnd = is('TurnCompleted', 'TurnFailed', 'TurnInterrupted');

/** From its acceptance until it is at rest: rejected, or taken by a turn that has ended without giving it back. */
async function mailLife(evidence: Evidence, accepted: EventOf<'MailAccepted'>): Promise<HoldfastEvent[]> {
  const { to, mailId } = accepted.data;
  const life: HoldfastEvent[] = [accepted];
  let takenBy: string | undefined;
  for await (const event of evidence.along(to, accepted.position + 1)) {
    if (isTurnEnd(event) && event.data.turnId === takenBy) break;
    if (!isMail(event) || event.data.mailId !== mailId) continue;
    life.push(event);
    takenBy = event.type === 'MailConsumed' ? event.data.turnId : undefined;
    if (event.type === 'MailRejected') break;
  }
  return life;
}

const mail: Reason = async (question) => {
  const { state, evidence, id } = question;
  const accepted = await begun(question, is('MailAccepted'), ({ data }) => data.mailId);
  if (accepted === undefined) throw notFound('mail', id, '`holdfast log --type MailAccepted` lists all mail');
  const life = await mailLife(evidence, accepted);
  evidence.add(...life);
  await evidence.causesOf(accepted);
  const to = state.agents[accepted.data.to]!;
  const named = `mail ${short(accepted.data.mailId)}`;
  const receiver = nameIn(state, to);
  const last = life.at(-1)!;
  switch (last.type) {
    case 'MailConsumed':
      evidence.add(...(await evidence.ofStream(`turn/${last.data.turnId}`, isTurnLife)));
      return `${named} was taken by a turn of ${receiver} at #${last.position}`;
    case 'MailRejected':
      return `${named} to ${receiver} was rejected at #${last.position}: ${last.data.reason}`;
    default: {
      const status = statusOf(state, to);
      evidence.add(await evidence.at(status.position));
      return `${named} is unread: ${receiver} is ${status.is} and takes it with its next ${to.turnId === undefined ? 'turn' : 'sampling'}`;
    }
  }
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

/** The newest of these many events of a busy cell say what it is now. */
const cellMax = 40;

const cell: Reason = async ({ state, evidence, id }) => {
  const events = await evidence.ofStream(`cell/${id}`, () => true);
  const [created] = events;
  const known = Object.hasOwn(state.cells.all, id) ? state.cells.all[id] : undefined;
  if (created === undefined || known === undefined) throw notFound('cell', id, '`holdfast show cells` lists them');
  evidence.add(created, ...events.slice(-cellMax));
  await evidence.causesOf(created);
  const owner = nameIn(state, state.agents[known.agentId]!);
  const { end, frontier, calls } = known;
  if (end !== undefined)
    return `cell ${id} of ${owner} ${end.how} at #${end.position}${end.reason === undefined ? '' : `: ${oneLine(end.reason)}`}`;
  if (frontier !== undefined && frontier.resume === undefined)
    return `cell ${id} of ${owner} stands at generation ${frontier.generation} since #${frontier.position} until it is resumed`;
  const open = Object.values(calls).map(({ callId, tool }) => `${callId} ${tool}`);
  const waits = [...open, ...Object.keys(known.timers).map((timerId) => `timer ${timerId}`)];
  return `cell ${id} of ${owner} ${waits.length === 0 ? 'waits for nothing that will come' : `waits for ${waits.join(', ')}`}`;
};

const approval: Reason = async ({ state, evidence, id }) => {
  const isIts = (e: HoldfastEvent) =>
    (e.type === 'ApprovalAsked' || e.type === 'ApprovalAnswered') && e.data.approvalId === id;
  for (const agent of Object.values(state.agents)) {
    const [asked, answered] = await evidence.ofStream(`agent/${agent.agentId}`, isIts);
    if (asked?.type !== 'ApprovalAsked') continue;
    evidence.add(asked, answered);
    const { turnId, cellId, callId, what, why } = asked.data;
    const call = await evidence.ofStream(
      turnId === undefined ? `cell/${cellId}` : `turn/${turnId}`,
      (e) => 'callId' in e.data && e.data.callId === callId,
    );
    evidence.add(...call);
    if (answered !== undefined) await evidence.consequencesOf(answered, is('ProcessRequested', 'LimitRefused'));
    const question = `${nameIn(state, agent)} asked at #${asked.position} whether it may run ${beginningOf(what)} (${why})`;
    if (answered?.type === 'ApprovalAnswered')
      return `${question}: ${answered.data.answer} by the ${answered.data.answeredBy} at #${answered.position}`;
    return state.approvals?.open[id] === undefined
      ? `${question}: taken back with its call`
      : `${question}: not answered`;
  }
  throw notFound('approval', id, '`holdfast log --type ApprovalAsked` lists them');
};

export const reasons: Readonly<Record<string, Reason>> = { approval, cell, slot, refusal, agent, mail, process, task };
