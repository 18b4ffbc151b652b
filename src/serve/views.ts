/** What a client may look at without doing anything: its own tree, why things are as they are, and what has happened . */
import { agentsOf, type HoldfastEvent } from '../../events/catalogue.ts';
import { openApprovals } from '../../projections/approvals.ts';
import { isPaused, isRunning } from '../../projections/cells.ts';
import type { Agent, State } from '../../projections/state.ts';
import { statusOf } from '../../projections/status.ts';
import { readable } from '../engine/clientDoor.ts';
import { callEnded, callsMade } from '../engine/clientRecord.ts';
import { decoded } from '../engine/fold.ts';
import { Failure } from '../failure.ts';
import type { Fleet } from '../fleet.ts';
import { folderOf } from '../log/folder.ts';
import { Evidence } from '../why/evidence.ts';
import { IdIndex } from '../why/idIndex.ts';
import { reasons } from '../why/reasons.ts';
import { beginningOf, sentence } from '../words/describe.ts';
import { Names } from '../words/names.ts';

/** `rootId`: whose tree it is; nothing of another one is shown. */
export type View = (fleet: Fleet, rootId: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>;

const ofTree = (state: State, rootId: string): Agent[] =>
  Object.values(state.agents)
    .filter((agent) => agent.rootId === rootId)
    .sort((a, b) => a.spawned - b.spawned);

function agentLine(state: State, agent: Agent) {
  const { is, since, what } = statusOf(state, agent);
  const processes = Object.keys(state.processes.live[agent.agentId] ?? {}).map(Number);
  return {
    path: agent.path,
    status: is,
    since: new Date(since).toISOString(),
    ...(what !== undefined && { what }),
    model: agent.client === undefined ? agent.model : 'client',
    resident: state.residents.present[agent.agentId] !== undefined,
    unread: state.mail.inboxes[agent.agentId]?.unread.length ?? 0,
    ...(processes.length > 0 && { processes }),
    ...(agent.task !== undefined && { task: agent.task }),
  };
}

function statusIn(state: State, rootId: string) {
  const tree = state.slots.trees[rootId]!;
  const { activeTurns, whenFull } = state.fleet.limits;
  const agents = ofTree(state, rootId);
  const own = new Set<string>(agents.map(({ agentId }) => agentId));
  const pathOf = (agentId: string) => state.agents[agentId]!.path;
  return {
    root: state.agents[rootId]!.name,
    position: state.position,
    slots: { held: tree.heldCount, limit: activeTurns, queued: tree.queue.size, whenFull },
    agents: agents.filter(({ last }) => last.is !== 'closed').map((agent) => agentLine(state, agent)),
    processes: Object.values(state.processes.all)
      .filter((process) => process.rootId === rootId && process.end === undefined)
      .map(({ processId, agentId, command, place }) => ({
        session_id: processId,
        agent: pathOf(agentId),
        command: command.at(-1) ?? '',
        place,
      })),
    // Read only: whoever acts as the root does not answer for the person.
    approvals: openApprovals(state)
      .filter(({ agentId }) => own.has(agentId))
      .map(({ approvalId, agentId, what, why }) => ({
        approval_id: approvalId,
        agent: pathOf(agentId),
        what: beginningOf(what),
        why,
      })),
    cells: Object.values(state.cells.all)
      .filter((cell) => cell.end === undefined && own.has(cell.agentId))
      .map((cell) => ({
        cell_id: cell.cellId,
        agent: pathOf(cell.agentId),
        is: isPaused(cell) ? 'pending' : isRunning(cell) ? 'running' : 'waiting',
      })),
  };
}

const status: View = (fleet, rootId) => fleet.read((state) => structuredClone(statusIn(state, rootId)));

/** The end of what is being said is what people look at (characters). */
const sayingMax = 400;

/** Events that one answer brings at most, and that are looked through for them. */
const [eventsDefault, eventsMax, lookedAtMax] = [100, 500, 20_000];
/** A client that waits longer asks again. */
export const waitMsMax = 60_000;

const number = (value: unknown, otherwise: number, most: number): number =>
  typeof value === 'number' && value >= 0 ? Math.min(value, most) : otherwise;

function told(event: HoldfastEvent, names: Names, full: boolean) {
  const { position, at, type, data } = event;
  const says = sentence(event, names);
  return { position, at: new Date(at).toISOString(), type, says, ...(full && { data }) };
}

/** Of the fleet as a whole, or of agents of this tree. */
function concerns(state: State, rootId: string, event: HoldfastEvent): boolean {
  const agents = agentsOf(event);
  if (agents.length === 0) return event.stream === 'fleet' && event.type !== 'CommandAnswered';
  return agents.some((agentId) => state.agents[agentId]?.rootId === rootId);
}

async function eventsAfter(fleet: Fleet, rootId: string, after: number, limit: number, full: boolean) {
  const { log } = fleet;
  const { state } = fleet.life;
  const found: HoldfastEvent[] = [];
  let next = after;
  const to = Math.min(log.synced().position, after + lookedAtMax);
  reading: for await (const page of log.read({ from: after + 1, to })) {
    for (const envelope of page) {
      const event = decoded(envelope);
      next = event.position;
      if (concerns(state, rootId, event)) found.push(event);
      if (found.length === limit) break reading;
    }
  }
  const names = new Names();
  await names.learn(log, found);
  return { events: found.map((event) => told(event, names, full)), next, head: log.synced().position };
}

/** Resolves at the next durable batch, or when the time is over. */
const nextBatch = (fleet: Fleet, waitMs: number): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(late);
      unfollow();
      resolve();
    };
    const late = setTimeout(done, waitMs);
    const unfollow = fleet.follow(done);
  });

const eventsSince: View = async (fleet, rootId, { position, limit, wait_ms, full }) => {
  const until = performance.now() + number(wait_ms, 0, waitMsMax);
  const most = Math.max(1, number(limit, eventsDefault, eventsMax));
  let from = number(position, 0, Number.MAX_SAFE_INTEGER);
  for (;;) {
    const answer = await eventsAfter(fleet, rootId, from, most, full === true);
    const left = until - performance.now();
    if (answer.events.length > 0 || (answer.next >= answer.head && left <= 0)) return answer;
    from = Math.max(from, answer.next);
    if (answer.next >= answer.head) await nextBatch(fleet, left);
  }
};

const why: View = async (fleet, rootId, { what, id }) => {
  const reason = typeof what === 'string' && Object.hasOwn(reasons, what) ? reasons[what] : undefined;
  if (reason === undefined || typeof id !== 'string')
    throw new Failure('HOLDFAST_USAGE', `what must be one of ${Object.keys(reasons).join(', ')}, and id a text`, {
      remedy: 'for example {"what": "agent", "id": "/root/builder"}',
    });
  const { state } = fleet.life;
  const named = id.startsWith('/root') ? `${state.agents[rootId]!.name}:${id}` : id;
  const evidence = new Evidence(fleet.log);
  await fleet.read(() => undefined);
  const because = await reason({
    state,
    evidence,
    id: named,
    ids: () => IdIndex.of(fleet.log, folderOf(fleet.dir).caches),
  });
  const events = evidence.inOrder().filter((event) => concerns(state, rootId, event));
  if (!events.some((event) => agentsOf(event).length > 0))
    throw new Failure('HOLDFAST_NOT_FOUND', `your tree has no ${what} ${id}`, {
      remedy: '`status` shows what there is',
    });
  const names = new Names();
  await names.learn(fleet.log, events);
  return { because, events: events.map((event) => told(event, names, false)) };
};

/** Calls that one answer lists at most. */
const callsMax = 50;

/** The end of an earlier call, or the newest calls. */
const result: View = async (fleet, rootId, { call_id }) => {
  await fleet.read(() => undefined);
  if (call_id === undefined) {
    const calls = await callsMade(fleet.log, rootId, callsMax);
    return {
      calls: calls.map(({ callId, tool, at, outcome }) => ({
        call_id: callId,
        tool,
        at: new Date(at).toISOString(),
        outcome,
      })),
    };
  }
  const ended = await callEnded(fleet.log, rootId, String(call_id));
  if (ended !== undefined) return readable(fleet.log, ended);
  const turn = fleet.life.state.turns[fleet.life.state.agents[rootId]?.turnId ?? ''];
  if (turn !== undefined && Object.hasOwn(turn.calls, String(call_id))) return { callId: call_id, outcome: 'open' };
  throw new Failure('HOLDFAST_NOT_FOUND', `your root has made no call ${call_id}`, {
    remedy: 'without call_id the newest calls are listed',
  });
};

/** What is known of a process of this tree. */
const processOf: View = (fleet, rootId, { session_id }) =>
  fleet.read((state) => {
    const process = state.processes.all[Number(session_id)];
    if (process?.rootId === rootId) return { processId: process.processId };
    throw new Failure('HOLDFAST_PROCESS_NOT_FOUND', `your tree has no process ${session_id}`, {
      remedy: '`list_processes` with all: true lists them',
    });
  });

/** What the models of the tree are saying. */
const saying: View = async (fleet, rootId) => {
  const { agents } = fleet.life.state;
  return fleet
    .saying()
    .filter(({ agentId }) => agents[agentId]?.rootId === rootId)
    .map(({ agentId, text }) => ({ agent: agents[agentId]!.path, text: text.slice(-sayingMax) }));
};

export const views = { saying, status, events_since: eventsSince, why, result, process: processOf } as const;
export type ViewName = keyof typeof views;
