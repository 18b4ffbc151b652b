/** Facts about the values that an agent's cells keep for later cells: written with the end of a cell, or not at all (CE7). */
import * as t from 'io-ts';
import { aggregate, fact } from './fact.ts';
import { AgentId } from './ids.ts';

const store = aggregate('store', (d: { agentId: string }) => d.agentId);

export const StoreCommitted = fact(
  'StoreCommitted',
  store,
  t.type({ agentId: AgentId, cellId: t.string, writes: t.record(t.string, t.unknown) }),
);
