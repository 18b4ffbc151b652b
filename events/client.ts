/** Facts about clients: programs outside that act as one root each, by calls of tools instead of a model's samplings. */
import * as t from 'io-ts';
import { aggregate, fact, shape } from './fact.ts';
import { AgentId } from './ids.ts';

const agent = aggregate('agent', (d: { agentId: string }) => d.agentId);

/** What a client's model can be asked: text alone, or text and calls of tools. */
export const Offer = t.keyof({ text: null, tools: null }, 'Offer');
export type Offer = t.TypeOf<typeof Offer>;

/** From here on the client is there: what it calls under this connection is called by the root. `sampling`: its model answers for agents. */
export const ClientJoined = fact(
  'ClientJoined',
  agent,
  shape({ agentId: AgentId, connectionId: t.string, software: t.string }, { version: t.string, sampling: Offer }),
);

/** It is not there any more; what it has called goes on, and is answered to nobody. */
export const ClientLeft = fact(
  'ClientLeft',
  agent,
  t.type({ agentId: AgentId, connectionId: t.string, reason: t.string }),
);
