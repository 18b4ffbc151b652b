/** Agents and topology: who exists, under which path, how its last turn ended. */
import type { EventOf } from '../events/catalogue.ts';
import type { Client } from './answering.ts';
import type { Reducers } from './reducers.ts';
import type { Agent, State } from './state.ts';
import { isEmpty, table } from './table.ts';

/** Longest last message kept in the state; the whole text stays in the log. */
const lastMessageMax = 2000;
const taskMax = 200;

const brief = (text: string | { blob: string; bytes: number }, max: number): string => {
  if (typeof text !== 'string') return `[text of ${text.bytes} bytes]`;
  return text.length <= max ? text : `${text.slice(0, max)}…`.toWellFormed();
};

function ended(
  draft: State,
  event: { data: { agentId: string }; at: number; position: number },
  is: Agent['last']['is'],
  message?: string,
): void {
  const agent = draft.agents[event.data.agentId]!;
  delete agent.turnId;
  agent.last = { is, at: event.at, position: event.position };
  if (message !== undefined) agent.last.message = message;
}

/** MA5: an answer of wait_agent has named all mail so far. */
function noteTold(draft: State, { data, position }: EventOf<'ToolCallEnded'> | EventOf<'CellToolEnded'>): void {
  const calls = 'turnId' in data ? draft.turns[data.turnId]?.calls : draft.cells.all[data.cellId]?.calls;
  if (calls?.[data.callId]?.tool === 'wait_agent' && data.outcome === 'ok') draft.agents[data.agentId]!.told = position;
}

function gone(draft: State, client: Client): void {
  if (client.connectionId !== undefined) delete draft.clients![client.connectionId];
  delete client.connectionId;
}

export const agents: Reducers = {
  AgentSpawned: (draft, { data, at, position }) => {
    const agent: Agent = {
      agentId: data.agentId,
      rootId: data.rootId,
      path: data.path,
      depth: data.depth,
      model: data.model,
      cwd: data.cwd,
      spawned: position,
      version: 0,
      mailVersion: 0,
      last: { is: 'pending', at, position },
      samplings: 0,
      told: 0,
    };
    if (data.parentId !== undefined) agent.parentId = data.parentId;
    if (data.name !== undefined) agent.name = data.name;
    if (data.role !== undefined) agent.role = data.role;
    if (data.effort !== undefined) agent.effort = data.effort;
    if (data.wake !== undefined) agent.wake = data.wake;
    if (data.workspace !== undefined) agent.workspace = data.workspace;
    if (data.forkedFrom !== undefined) agent.forkedFrom = { ...data.forkedFrom };
    if (data.client !== undefined) agent.client = {};
    draft.agents[data.agentId] = agent;
    if (data.parentId === undefined) {
      draft.roots.push(data.agentId);
      const name = data.name ?? 'root';
      if (!Object.hasOwn(draft.rootNames, name)) draft.rootNames[name] = data.agentId;
    } else {
      (draft.agents[data.parentId]!.children ??= table())[data.path] = data.agentId;
    }
  },
  AgentClosed: (draft, event) => {
    ended(draft, event, 'closed');
    const agent = draft.agents[event.data.agentId]!;
    if (agent.client !== undefined) gone(draft, agent.client);
    if (agent.parentId === undefined) return;
    const parent = draft.agents[agent.parentId]!;
    delete parent.children![agent.path];
    if (isEmpty(parent.children!)) delete parent.children;
  },
  ClientJoined: (draft, { data }) => {
    const { agentId, connectionId, software, version, sampling } = data;
    draft.agents[agentId]!.client = {
      connectionId,
      software,
      ...(version !== undefined && { version }),
      ...(sampling !== undefined && { sampling }),
    };
    (draft.clients ??= table())[connectionId] = agentId;
  },
  ClientLeft: (draft, { data }) => gone(draft, draft.agents[data.agentId]!.client!),
  MailAccepted: (draft, { data }) => {
    if (data.trigger && data.kind !== 'completion') draft.agents[data.to]!.task = brief(data.text, taskMax);
  },
  TurnStarted: (draft, { data }) => {
    draft.agents[data.agentId]!.turnId = data.turnId;
  },
  ModelSampled: (draft, { data }) => {
    draft.agents[data.agentId]!.samplings = data.n;
  },
  SamplingEnded: (draft, { data }) => {
    draft.agents[data.agentId]!.samplings = data.n;
  },
  HistoryCompacted: (draft, { data }) => {
    if (data.n !== undefined) draft.agents[data.agentId]!.samplings = data.n;
  },
  UsageRecorded: (draft, { data }) => {
    const agent = draft.agents[data.agentId]!;
    agent.usage ??= { inputTokens: 0, outputTokens: 0 };
    agent.usage.inputTokens += data.inputTokens;
    agent.usage.outputTokens += data.outputTokens;
  },
  TurnCompleted: (draft, event) => ended(draft, event, 'completed', brief(event.data.message, lastMessageMax)),
  TurnFailed: (draft, event) => ended(draft, event, 'failed', brief(event.data.error, lastMessageMax)),
  TurnInterrupted: (draft, event) => ended(draft, event, 'interrupted'),
  TurnDequeued: (draft, { data, at, position }) => {
    const agent = draft.agents[data.agentId]!;
    // Dequeuing an unpark is part of an interruption, which says so itself (SL9).
    if (agent.turnId === undefined) agent.last = { is: 'interrupted', at, position };
  },
  ToolCallEnded: noteTold,
  CellToolEnded: noteTold,
};
