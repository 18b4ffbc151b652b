/**
 * Clients: a program outside acts as a root, and its calls of tools stand where a model's samplings would. Its turn lasts
 * while it is there or has calls open, and is given further calls while others are (MC1–MC4).
 */
import { AgentSpawned } from '../../events/agent.ts';
import type { HoldfastFact } from '../../events/catalogue.ts';
import { ClientJoined, ClientLeft } from '../../events/client.ts';
import type { TurnId } from '../../events/ids.ts';
import { MailConsumed } from '../../events/mail.ts';
import { ModelSampled, ToolCallEnded, ToolCallStarted, TurnCompleted, TurnStarted } from '../../events/turn.ts';
import type { Agent, State, Turn } from '../../projections/state.ts';
import { effectOf } from './calls.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, dropped, refused } from './decision.ts';
import { leftRunning, returnMail } from './ends.ts';
import { load } from './grant.ts';
import { newRoot, unknownModel } from './roots.ts';
import type { Rule } from './settle.ts';
import { stopping } from './stops.ts';

/** More calls than any client waits for at once: what never reads its answers must not fill the log. */
export const openCallsMax = 256;

const turnOf = (state: State, agent: Agent): Turn | undefined =>
  agent.turnId === undefined ? undefined : state.turns[agent.turnId];

const clientOf = (state: State, connectionId: string): Agent | undefined => {
  const clients = state.clients ?? {};
  return Object.hasOwn(clients, connectionId) ? state.agents[clients[connectionId]!] : undefined;
};

/** Who of this name is free to be joined; undefined: nobody has the name yet. */
function rootNamed(state: State, name: string): Agent | undefined | 'taken' {
  if (!Object.hasOwn(state.rootNames, name)) return undefined;
  const root = state.agents[state.rootNames[name]!]!;
  const free = root.client !== undefined && root.client.connectionId === undefined && root.last.is !== 'closed';
  return free ? root : 'taken';
}

/** `codex`, `codex2`, …: the first that nobody acts as. */
function firstFree(state: State, wanted: string): { readonly name: string; readonly root: Agent | undefined } {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? wanted : `${wanted}${n}`;
    const root = rootNamed(state, name);
    if (root !== 'taken') return { name, root };
  }
}

/** A root needs no slot, and a client's mail waits for its first call. */
function startClientTurn(
  state: State,
  { agentId, rootId }: Pick<Agent, 'agentId' | 'rootId'>,
  turnId: TurnId,
  reason: 'spawned' | 'attached' = 'attached',
): HoldfastFact[] {
  return [...load(state, agentId, reason, 0, true), TurnStarted({ turnId, agentId, rootId, mailIds: [] })];
}

export function joinClient(state: State, ctx: Context, command: CommandOf<'joinClient'>): Decision {
  const { connectionId, software, version, cwd, model, sampling } = command;
  const there = clientOf(state, connectionId);
  const told = ({ agentId, name }: Pick<Agent, 'agentId' | 'name'>, known: boolean) => ({
    agentId,
    name: name ?? '',
    path: '/root',
    known,
  });
  if (there !== undefined) return decided([], told(there, true));
  const { name, root } = firstFree(state, command.name);
  const joined = (agentId: Agent['agentId']) =>
    ClientJoined({
      agentId,
      connectionId,
      software,
      ...(version !== undefined && { version }),
      ...(sampling !== undefined && { sampling }),
    });
  if (root !== undefined) {
    const starts = root.turnId === undefined ? startClientTurn(state, root, ctx.id<TurnId>()) : [];
    return decided([joined(root.agentId), ...starts], told(root, true));
  }
  const given = { name, prompt: '', ...(model !== undefined && { model }) };
  const { spawned } = newRoot(ctx, given, state.fleet.file ?? {}, cwd);
  const unknown = unknownModel(state, spawned.model);
  if (unknown !== undefined) return unknown;
  const starts = startClientTurn(state, spawned, ctx.id<TurnId>(), 'spawned');
  return decided(
    [AgentSpawned({ ...spawned, client: true }), joined(spawned.agentId), ...starts],
    told(spawned, false),
  );
}

/** The end of a client's turn: mail that it may not have read goes back, to be given to it when it comes again. */
export const clientTurnEnd = (turn: Turn): HoldfastFact[] => [
  ...returnMail(turn),
  TurnCompleted({ turnId: turn.turnId, agentId: turn.agentId, message: 'The client has left.' }),
];

/** It goes: its turn ends now, or with its last open call. */
function departure(state: State, agent: Agent, reason: string): HoldfastFact[] {
  const turn = turnOf(state, agent);
  const left = ClientLeft({ agentId: agent.agentId, connectionId: agent.client!.connectionId!, reason });
  return turn !== undefined && turn.open === 0 ? [left, ...clientTurnEnd(turn)] : [left];
}

/** Those who are there. */
export const clientsThere = (state: State): Agent[] =>
  Object.values(state.clients ?? {}).map((agentId) => state.agents[agentId]!);

/** Nobody is there to go on with the turn, and nothing of it is open. */
export const isLeft = (state: State, turn: Turn): boolean =>
  turn.client === true && state.agents[turn.agentId]!.client?.connectionId === undefined;

export function leaveClient(state: State, _ctx: Context, command: CommandOf<'leaveClient'>): Decision {
  const agent = clientOf(state, command.connectionId);
  return agent === undefined
    ? dropped({ left: false })
    : decided(departure(state, agent, command.reason), { left: true });
}

const notThere = () =>
  refused('HOLDFAST_NOT_JOINED', 'this connection does not act as any root', 'join again: the root keeps its name');

/** One call is one batch: that it was made, what it does, and its end unless it stays open. */
export function callTool(state: State, ctx: Context, command: CommandOf<'callTool'>): Decision {
  const agent = clientOf(state, command.connectionId);
  if (agent === undefined) return notThere();
  const { agentId } = agent;
  const { call: callId, tool, args } = command;
  const turn = turnOf(state, agent);
  if (turn !== undefined && callId in turn.calls)
    return refused('HOLDFAST_CALL_ID_USED', `call ${callId} is open`, 'give each call an id of its own');
  if (turn !== undefined && turn.open >= openCallsMax)
    return refused('HOLDFAST_TOO_MANY_CALLS', `${turn.open} calls are open`, 'wait for some of them, or cancel them');
  const turnId = turn?.turnId ?? ctx.id<TurnId>();
  const of = { turnId, agentId, callId };
  const effect = effectOf(state, ctx, agentId, { call: tool, args }, { turnId, callId });
  const facts = [
    ...(turn === undefined ? startClientTurn(state, agent, turnId) : []),
    ModelSampled({ turnId, agentId, n: agent.samplings + 1, items: [{ call: tool, id: callId, args }] }),
    ToolCallStarted({ ...of, tool, args, ...effect.started }),
    ...(effect.facts ?? []),
    ...(effect.end === undefined ? [] : [ToolCallEnded({ ...of, ...effect.end })]),
  ];
  return decided(facts, { turnId, callId }, effect.birth);
}

/** What it has started goes on, unless it was started to end with its call. */
export function cancelCall(state: State, ctx: Context, command: CommandOf<'cancelCall'>): Decision {
  const agent = clientOf(state, command.connectionId);
  const turn = agent && turnOf(state, agent);
  const call = turn?.calls[command.call];
  if (agent === undefined || turn === undefined || call === undefined) return dropped({ cancelled: false });
  const { callId, cellId, processId } = call;
  const process = processId === undefined ? undefined : state.processes.all[processId];
  const goesOn = process !== undefined && process.end === undefined;
  const kills = goesOn && call.tool === 'exec_command' && process.onInterrupt === 'kill';
  const text =
    cellId !== undefined
      ? `cancelled by the client${leftRunning(cellId)}`
      : goesOn && !kills
        ? `cancelled by the client\nProcess running with session ID ${processId}`
        : 'cancelled by the client';
  const ended = ToolCallEnded({
    turnId: turn.turnId,
    agentId: agent.agentId,
    callId,
    outcome: 'cancelled',
    output: { text },
  });
  return decided([ended, ...(kills ? stopping([process], 'interrupted', ctx.by) : [])], { cancelled: true });
}

/** The last open call of a client that is gone ends its turn. */
export const clientsLeave: Rule = (state, _ctx, batch) => {
  const ended = new Set(batch.flatMap((event) => (event.type === 'ToolCallEnded' ? [event.data.turnId] : [])));
  return [...ended].flatMap((turnId) => {
    const turn = state.turns[turnId];
    return turn !== undefined && turn.open === 0 && isLeft(state, turn) ? clientTurnEnd(turn) : [];
  });
};

/** MC3: what came in goes with the first result that reaches the client, even while other calls are open. */
export const mailForClients: Rule = (state, _ctx, batch) => {
  const facts: HoldfastFact[] = [];
  const given = new Set<string>();
  for (const { type, data } of batch) {
    const turn = type === 'ToolCallEnded' && data.outcome !== 'cancelled' ? state.turns[data.turnId] : undefined;
    if (type !== 'ToolCallEnded' || turn?.client !== true || given.has(turn.turnId) || isLeft(state, turn)) continue;
    // Nobody may wait for this result any more.
    if (turn.putOff?.[data.callId] === true) continue;
    given.add(turn.turnId);
    const { turnId, agentId } = turn;
    for (const mailId of state.mail.inboxes[agentId]?.unread ?? [])
      facts.push(MailConsumed({ mailId, agentId, turnId, callId: data.callId }));
  }
  return facts;
};
