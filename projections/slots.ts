/** Execution slots and the queue for them, per tree. */
import { append, emptyOrder, remove } from './order.ts';
import type { Reducers } from './reducers.ts';
import type { State, Tree } from './state.ts';
import { table } from './table.ts';

export const emptyTree = (): Tree => ({
  held: table(),
  heldCount: 0,
  queue: emptyOrder(),
  entries: table(),
  unstarted: 0,
});

function leaveQueue(draft: State, agentId: string, rootId: string): void {
  const queueId = draft.slots.queuedBy[agentId];
  if (queueId === undefined) return;
  const tree = draft.slots.trees[rootId]!;
  if (tree.entries[queueId]!.turnId === undefined) tree.unstarted -= 1;
  remove(tree.queue, queueId);
  delete tree.entries[queueId];
  delete draft.slots.queuedBy[agentId];
}

export const slots: Reducers = {
  AgentSpawned: (draft, { data }) => {
    if (data.parentId === undefined) draft.slots.trees[data.agentId] = emptyTree();
  },
  SlotReserved: (draft, { data, position, at }) => {
    const tree = draft.slots.trees[data.rootId]!;
    const { reservationId, agentId, purpose } = data;
    tree.held[reservationId] = { reservationId, agentId, purpose, position, at };
    tree.heldCount += 1;
    draft.slots.held += 1;
  },
  SlotCommitted: (draft, { data }) => {
    draft.slots.trees[data.rootId]!.held[data.reservationId]!.turnId = data.turnId;
  },
  SlotReleased: (draft, { data }) => {
    const tree = draft.slots.trees[data.rootId]!;
    // SL7: releasing what is not held changes nothing.
    if (tree.held[data.reservationId] === undefined) return;
    delete tree.held[data.reservationId];
    tree.heldCount -= 1;
    draft.slots.held -= 1;
  },
  TurnQueued: (draft, { data, position, at }) => {
    const tree = draft.slots.trees[data.rootId]!;
    const { queueId, agentId, purpose } = data;
    tree.entries[queueId] = { queueId, agentId, purpose, position, at };
    if (data.turnId === undefined) tree.unstarted += 1;
    else tree.entries[queueId]!.turnId = data.turnId;
    append(tree.queue, queueId);
    draft.slots.queuedBy[agentId] = queueId;
  },
  TurnDequeued: (draft, { data }) => leaveQueue(draft, data.agentId, data.rootId),
  TurnStarted: (draft, { data }) => leaveQueue(draft, data.agentId, data.rootId),
  TurnUnparked: (draft, { data }) => leaveQueue(draft, data.agentId, draft.agents[data.agentId]!.rootId),
};
