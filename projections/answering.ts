/** Who answers for agents whose model is the client of their root: it has to be there, and to offer it (CL1). */
import type { Offer } from '../events/client.ts';
import type { State, Turn } from './state.ts';

export interface Client {
  /** While it is there. */
  connectionId?: string;
  /** What it said it is, when it came last. */
  software?: string;
  version?: string;
  /** What its model can be asked; absent: it answers for no agents. */
  sampling?: Offer;
}

/** It is whatever client acts as the root, not a server or a script. */
export const isClients = ({ fleet }: State, model: string): boolean => {
  const { models = {} } = fleet.file ?? {};
  return Object.hasOwn(models, model) && models[model]!.kind === 'sampling';
};

export const servedByClient = (state: State, agentId: string): boolean =>
  isClients(state, state.agents[agentId]!.model);

/** Its model cannot be asked before a client that answers for agents acts as its root. */
export function awaitsClient(state: State, agentId: string): boolean {
  if (!servedByClient(state, agentId)) return false;
  const { client } = state.agents[state.agents[agentId]!.rootId]!;
  return client?.connectionId === undefined || client.sampling === undefined;
}

/** Nothing but the client is missing. */
export const clientAwaited = (state: State, turn: Turn): boolean =>
  turn.phase === 'sampling' &&
  turn.parked === undefined &&
  turn.client === undefined &&
  awaitsClient(state, turn.agentId);

/** Names of the roots whose clients agents wait for. */
export const clientsAwaited = (state: State): string[] => {
  const roots = Object.values(state.turns).flatMap((turn) => (clientAwaited(state, turn) ? [turn.rootId] : []));
  return [...new Set(roots)].map((rootId) => state.agents[rootId]!.name ?? 'root');
};
