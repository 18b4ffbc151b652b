/** Residents: which agents are in memory, and which of them would go first. */
import { append, emptyOrder, isIn, remove } from './order.ts';
import type { Reducers } from './reducers.ts';
import type { State } from './state.ts';
import { table } from './table.ts';

const isRoot = (draft: State, agentId: string): boolean => draft.agents[agentId]!.parentId === undefined;

/** RE2: a use; a resident that can be evicted goes to the end of the order. */
function use(draft: State, agentId: string, position: number, evictable: boolean): void {
  const { present, idle } = draft.residents;
  if (present[agentId] === undefined) return;
  present[agentId] = position;
  if (isRoot(draft, agentId)) return;
  remove(idle, agentId);
  if (evictable) append(idle, agentId);
}

function leave(draft: State, agentId: string): void {
  const { present, idle } = draft.residents;
  if (present[agentId] === undefined) return;
  delete present[agentId];
  remove(idle, agentId);
  if (!isRoot(draft, agentId)) draft.residents.count -= 1;
}

export const residents: Reducers = {
  EngineStarted: (draft) => {
    draft.residents = { present: table(), count: 0, idle: emptyOrder() };
  },
  AgentLoaded: (draft, { data, position }) => {
    const { present } = draft.residents;
    if (present[data.agentId] === undefined && !isRoot(draft, data.agentId)) draft.residents.count += 1;
    present[data.agentId] = position;
    const turnId = draft.agents[data.agentId]!.turnId;
    const executing = turnId !== undefined && draft.turns[turnId]!.parked === undefined;
    use(draft, data.agentId, position, !executing);
  },
  AgentEvicted: (draft, { data }) => leave(draft, data.agentId),
  AgentClosed: (draft, { data }) => leave(draft, data.agentId),
  MailAccepted: (draft, { data, position }) => use(draft, data.to, position, isIn(draft.residents.idle, data.to)),
  TurnStarted: (draft, { data, position }) => use(draft, data.agentId, position, false),
  TurnUnparked: (draft, { data, position }) => use(draft, data.agentId, position, false),
  TurnParked: (draft, { data, position }) => use(draft, data.agentId, position, true),
  TurnCompleted: (draft, { data, position }) => use(draft, data.agentId, position, true),
  TurnFailed: (draft, { data, position }) => use(draft, data.agentId, position, true),
  TurnInterrupted: (draft, { data, position }) => use(draft, data.agentId, position, true),
};
