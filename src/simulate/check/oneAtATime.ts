/**
 * The sequential model: a fleet that is asked one thing at a time, as plain as it can be told. It says what each command
 * of an operator is answered and which batch it leaves, given what the events so far say.
 */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Text } from '../../../events/fact.ts';
import type { Command } from '../../decide/command.ts';
import { unnamed } from '../secrets.ts';
import { isUnanswered } from './known.ts';
import { expectedOfProcesses } from './oneAtATimeProcesses.ts';
import type { KnownAgent, Picture } from './picture.ts';
import { awaitsAnswer, inWait } from './waiting.ts';

/** What an operator is told: the answer, or the code of the refusal. */
export type Told = Readonly<Record<string, unknown>>;

/** `of`: what is told of a batch if it is the one that the command leaves; without it the command leaves none. */
export type Expected = { readonly told: Told } | { readonly of: (batch: readonly HoldfastEvent[]) => Told | undefined };

type Asked<D extends Command['do']> = Extract<Command, { readonly do: D }>;

const refused = (code: string): Expected => ({ told: { code } });

/** A command that leaves exactly one event of its own that `fits`. */
const leaves = <T extends HoldfastEvent['type']>(
  type: T,
  told: (event: Extract<HoldfastEvent, { type: T }>) => Told | undefined,
): Expected => ({
  of: (batch) => {
    for (const event of batch) {
      const so = event.type === type ? told(event as Extract<HoldfastEvent, { type: T }>) : undefined;
      if (so !== undefined) return so;
    }
    return undefined;
  },
});

/** TU5. */
export function statusOf(picture: Picture, agent: KnownAgent): string {
  const { id, turn, entry, last, awaitsTree } = agent;
  const { registry } = picture;
  if (turn === undefined) return entry === undefined ? last : 'queued';
  const unregistered = registry.on && registry.taskOf(id) === undefined;
  const unready = turn.sampling && (awaitsTree || unregistered || isUnanswered(agent));
  const parked = turn.parked && turn.calls.size === 0;
  const waits = parked || inWait(turn) || awaitsAnswer(picture, turn);
  return entry !== undefined || waits || unready ? 'waiting' : 'running';
}

/** PA1: an id, a path where one root has it, or `NAME:PATH`. */
function meant(picture: Picture, target: string): KnownAgent | string {
  const byId = picture.agents.get(target);
  if (byId?.open === true) return byId;
  const [, name, path] = /^(?:([^:]*):)?([\s\S]*)$/.exec(target)!;
  const found = [...picture.agents.values()].filter(
    (agent) => agent.open && agent.path === path && (name === undefined || agent.tree.name === name),
  );
  if (found.length === 1) return found[0]!;
  return found.length === 0 ? 'HOLDFAST_AGENT_NOT_FOUND' : 'HOLDFAST_AMBIGUOUS_PATH';
}

const openBelow = (picture: Picture, agent: KnownAgent): KnownAgent[] =>
  [...picture.agents.values()].filter(
    (other) => other.open && other.tree === agent.tree && (other === agent || other.path.startsWith(`${agent.path}/`)),
  );

/** Secrets have other names in the log than in a command. */
const says = (text: unknown): unknown => (typeof text === 'string' ? unnamed(text) : text);

const isSaid = (written: Text, text: string): boolean =>
  typeof written === 'string' ? says(written) === says(text) : written.bytes === Buffer.byteLength(text);

function send(picture: Picture, agent: KnownAgent, { text, followup }: Asked<'send'>): Expected {
  if (text.trim() === '') return refused('HOLDFAST_EMPTY_MESSAGE');
  const { tree, path } = agent;
  const idle = agent.turn === undefined && agent.entry === undefined && agent.parent !== undefined;
  const full = tree.held.size + tree.queue.length >= picture.activeTurns;
  if (followup === true && idle && full && !picture.queueing)
    return leaves('SlotRefused', ({ data: { refusalId, agentId } }) =>
      agentId === agent.id ? { code: 'HOLDFAST_SLOTS_TAKEN', refusalId } : undefined,
    );
  return leaves('MailAccepted', ({ data: { mailId, to, from, trigger, text: written } }) =>
    from === 'operator' && to === agent.id && trigger === followup && isSaid(written, text)
      ? { mailId, agentId: to, path }
      : undefined,
  );
}

function interrupt(picture: Picture, agent: KnownAgent, { cascade }: Asked<'interrupt'>): Expected {
  const hit = cascade === true ? openBelow(picture, agent) : [agent];
  const active = hit.filter(({ turn, entry }) => turn !== undefined || entry !== undefined).map(({ id }) => id);
  const told = { path: agent.path, previousStatus: statusOf(picture, agent), interrupted: active.length > 0 };
  if (active.length === 0) return { told };
  return {
    of: (batch) => {
      const ended = batch.filter(
        ({ type, by }) => by === 'operator' && (type === 'TurnInterrupted' || type === 'TurnDequeued'),
      );
      return !batch.some(({ type }) => type === 'AgentClosed') && sameIds(ended, active) ? told : undefined;
    },
  };
}

function close(picture: Picture, agent: KnownAgent): Expected {
  const gone = openBelow(picture, agent).map(({ id }) => id);
  const told = { path: agent.path, closed: gone.length };
  return {
    of: (batch) =>
      sameIds(
        batch.filter(({ type }) => type === 'AgentClosed'),
        gone,
      )
        ? told
        : undefined,
  };
}

const sameIds = (events: readonly HoldfastEvent[], ids: readonly string[]): boolean => {
  const named = new Set(events.map(({ data }) => (data as { readonly agentId: string }).agentId));
  return named.size === ids.length && ids.every((id) => named.has(id));
};

function evict(agent: KnownAgent): Expected {
  const { path, id, turn } = agent;
  if (!agent.resident) return { told: { path, evicted: false } };
  if (agent.parent === undefined || (turn !== undefined && !turn.parked)) return refused('HOLDFAST_NOT_EVICTABLE');
  return leaves('AgentEvicted', ({ data }) =>
    data.agentId === id && data.reason === 'operator' ? { path, evicted: true } : undefined,
  );
}

function unbind({ registry }: Picture, { path, id }: KnownAgent): Expected {
  if (registry.taskOf(id) === undefined) return { told: { path, unbound: false } };
  return leaves('TaskCleared', ({ data }) =>
    data.agentId === id && data.reason === 'operator' ? { path, unbound: true } : undefined,
  );
}

const numbers = ['activeTurns', 'residents', 'processes', 'cells', 'depth', 'outputBytes'];

function changeLimits({ limits }: Asked<'changeLimits'>): Expected {
  const sound = Object.entries(limits).every(([name, value]) => {
    if (numbers.includes(name)) return Number.isSafeInteger(value) && (value as number) >= 0;
    if (name === 'whenFull') return value === 'refuse' || value === 'queue';
    return name === 'onFull' && (value === 'refuse' || value === 'prune');
  });
  if (!sound) return refused('HOLDFAST_BAD_LIMITS');
  return leaves('LimitsChanged', ({ data }) => (same(data.limits, limits) ? { limits } : undefined));
}

const same = (a: object, b: object): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([name, value]) => (b as Record<string, unknown>)[name] === value);

function spawnRoot(picture: Picture, { name, model, prompt }: Asked<'spawnRoot'>): Expected {
  const names = new Set([...picture.trees.values()].map((tree) => tree.name));
  if (name !== undefined && names.has(name)) return refused('HOLDFAST_ROOT_EXISTS');
  if (model !== undefined && !picture.models.has(model)) return refused('HOLDFAST_UNKNOWN_MODEL');
  let free = 'root';
  for (let n = 2; names.has(free); n += 1) free = `root${n}`;
  const expected = name ?? free;
  return {
    of: (batch) => {
      const spawned = batch.find(({ type }) => type === 'AgentSpawned');
      if (spawned?.type !== 'AgentSpawned' || spawned.data.name !== expected) return undefined;
      const { agentId } = spawned.data;
      const asked = batch.some((e) => e.type === 'MailAccepted' && e.data.to === agentId && e.data.text === prompt);
      return asked ? { agentId, name: expected, path: '/root' } : undefined;
    },
  };
}

function createCell(picture: Picture, agent: KnownAgent, { source, policy }: Asked<'createCell'>): Expected {
  if (source.trim() === '') return refused('HOLDFAST_CELL_EMPTY');
  const live = [...picture.cells.values()].filter((cell) => cell.ended === undefined && cell.agent.tree === agent.tree);
  if (live.length >= picture.cellsMax)
    return leaves('LimitRefused', ({ data: { limit, agentId, refusalId } }) =>
      limit === 'cells' && agentId === agent.id ? { code: 'HOLDFAST_LIMIT_REACHED', refusalId } : undefined,
    );
  return leaves('CellCreated', ({ data }) =>
    data.agentId === agent.id && data.policy === policy && data.source === source
      ? { cellId: data.cellId, agentId: agent.id, path: agent.path }
      : undefined,
  );
}

/** CE5, CE7: who comes second is told what the first one did. */
function ofCell(picture: Picture, command: Asked<'resumeCell'> | Asked<'terminateCell'>): Expected {
  const { cellId } = command;
  const cell = picture.cells.get(cellId);
  if (cell === undefined) return refused('HOLDFAST_CELL_NOT_FOUND');
  if (command.do === 'terminateCell') {
    if (cell.ended !== undefined) return { told: { cellId, outcome: 'already-ended', end: cell.ended } };
    const told = { cellId, outcome: 'terminated', end: 'terminated' };
    return leaves('CellTerminated', ({ data }) => (data.cellId === cellId ? told : undefined));
  }
  const { generation } = command;
  if (!cell.pausing) return refused('HOLDFAST_CELL_NOT_PAUSING');
  if (generation > cell.generation || generation < 1) return refused('HOLDFAST_CELL_GENERATION');
  const consumed = generation < cell.generation || (cell.frontier === undefined && cell.ended === undefined);
  if (consumed) return { told: { cellId, generation, outcome: 'already-running' } };
  if (cell.ended !== undefined) return refused('HOLDFAST_CELL_ENDED');
  if (cell.frontier?.resuming === true) return { told: { cellId, generation, outcome: 'pending' } };
  return leaves('ResumeRequested', ({ data }) =>
    data.cellId === cellId && data.generation === generation ? { cellId, generation, outcome: 'requested' } : undefined,
  );
}

/** AP1, AP4: a question has one answer, and `always` only where it says what it allows. */
function answerApproval({ questions, agents }: Picture, { approvalId, answer }: Asked<'answerApproval'>): Expected {
  const question = questions.open.get(approvalId);
  if (question === undefined) return refused('HOLDFAST_APPROVAL_NOT_OPEN');
  const { agentId, what, always } = question;
  if (answer === 'always' && always === undefined) return refused('HOLDFAST_APPROVAL_ONCE_ONLY');
  const { path } = agents.get(agentId)!;
  const told = { approvalId, path, answer, what, ...(answer === 'always' && { always }) };
  return leaves('ApprovalAnswered', ({ data }) =>
    data.approvalId === approvalId && data.answer === answer ? told : undefined,
  );
}

/** BU3, BU4: what is limited from now on, and who may go on. */
function changeBudget({ agents, priced }: Picture, { given }: Asked<'changeBudget'>): Expected {
  const { tokens, agentTokens, money, agentMoney } = given;
  const sound = Object.values(given).every((n) => n === null || n >= 0);
  const whole = [tokens, agentTokens].every((n) => n === undefined || n === null || Number.isInteger(n));
  const limitsMoney = typeof money === 'number' || typeof agentMoney === 'number';
  if (Object.keys(given).length === 0 || !sound || !whole || (limitsMoney && !priced))
    return refused('HOLDFAST_BAD_BUDGET');
  return {
    of: (batch) => {
      const [changed, ...more] = batch;
      if (changed?.type !== 'BudgetChanged') return undefined;
      const { budget } = changed.data;
      const is: Readonly<Record<string, unknown>> = { tokens: budget.tokens, money: budget.money };
      const each: Readonly<Record<string, unknown>> = {
        tokens: budget.perAgent?.tokens,
        money: budget.perAgent?.money,
      };
      const so = (value: number | null | undefined, now: unknown) =>
        value === undefined || (value ?? undefined) === now;
      if (!so(tokens, is.tokens) || !so(money, is.money)) return undefined;
      if (!so(agentTokens, each.tokens) || !so(agentMoney, each.money)) return undefined;
      const told = more.flatMap((e) => (e.type === 'MailAccepted' && e.by === 'operator' ? [e.data.to] : []));
      return { budget, goOn: told.map((id) => agents.get(id)!.path) };
    },
  };
}

/** What is forgotten once is said once. */
function forget({ processes, forgotten }: Picture, { payloads }: Asked<'forget'>): Expected {
  if (payloads.some(({ what, id }) => what === 'output' && processes.get(Number(id))?.ended === false))
    return refused('HOLDFAST_PROCESS_LIVE');
  const fresh = payloads.map(({ what, id }) => `${what}/${id}`).filter((key) => !forgotten.has(key));
  const told = { forgotten: fresh.length, before: payloads.length - fresh.length };
  if (fresh.length === 0) return { told };
  return {
    of: (batch) => {
      const said = batch.flatMap((e) => (e.type === 'PayloadForgotten' ? [`${e.data.what}/${e.data.id}`] : []));
      return said.join() === fresh.join() ? told : undefined;
    },
  };
}

/** Undefined for commands that are none of an operator's. */
export function expected(picture: Picture, command: Command): Expected | undefined {
  if (command.do === 'spawnRoot') return spawnRoot(picture, command);
  if (command.do === 'changeLimits') return changeLimits(command);
  if (command.do === 'resumeCell' || command.do === 'terminateCell') return ofCell(picture, command);
  if (command.do === 'answerApproval') return answerApproval(picture, command);
  if (command.do === 'forget') return forget(picture, command);
  if (command.do === 'changeBudget') return changeBudget(picture, command);
  const ofProcesses = expectedOfProcesses(picture, command, (target) => meant(picture, target));
  if (ofProcesses !== undefined) return ofProcesses;
  if (!('target' in command) || command.target === undefined) return undefined;
  const agent = meant(picture, command.target);
  if (typeof agent === 'string') return refused(agent);
  if (command.do === 'send') return send(picture, agent, command);
  if (command.do === 'interrupt') return interrupt(picture, agent, command);
  if (command.do === 'createCell') return createCell(picture, agent, command);
  if (command.do === 'unbind') return unbind(picture, agent);
  return command.do === 'close' ? close(picture, agent) : command.do === 'evict' ? evict(agent) : undefined;
}

/** What somebody sees who reads the whole fleet at once. */
export const seen = (picture: Picture): Told => ({
  position: picture.position,
  agents: Object.fromEntries([...picture.agents.values()].map((agent) => [agent.id, statusOf(picture, agent)])),
});
