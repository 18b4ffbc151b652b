/** Facts about agents: who exists, who is in memory. */
import * as t from 'io-ts';
import { aggregate, fact, shape } from './fact.ts';
import { Workspace } from './fleetFile.ts';
import { AgentId } from './ids.ts';

const agent = aggregate('agent', (d: { agentId: string }) => d.agentId);

export const ForkedFrom = t.type({
  agentId: AgentId,
  /** The parent's history up to here, by reference (TU7). */
  position: t.number,
  turns: t.union([t.literal('all'), t.number]),
});

export const AgentSpawned = fact(
  'AgentSpawned',
  agent,
  shape(
    {
      agentId: AgentId,
      rootId: AgentId,
      path: t.string,
      depth: t.number,
      model: t.string,
      cwd: t.string,
      /** What else the caller asked for, as it was (recorded, without effect unless named in the README). */
      config: t.record(t.string, t.unknown),
    },
    {
      parentId: AgentId,
      name: t.string,
      role: t.string,
      effort: t.string,
      wake: t.boolean,
      /** Where it works; of a root: where those below it work that say nothing else. */
      workspace: Workspace,
      forkedFrom: ForkedFrom,
      /** A client outside acts as this root; `model` is then what answers for the agents below it. */
      client: t.literal(true),
    },
  ),
);

export const AgentLoaded = fact(
  'AgentLoaded',
  agent,
  t.type({
    agentId: AgentId,
    reason: t.keyof({
      spawned: null,
      followup: null,
      completion: null,
      queued: null,
      unparked: null,
      resumed: null,
      attached: null,
      operator: null,
    }),
  }),
);

export const AgentEvicted = fact(
  'AgentEvicted',
  agent,
  shape({ agentId: AgentId, reason: t.keyof({ lru: null, memory: null, operator: null }) }, { wantedBy: AgentId }),
);

export const UnloadAbandoned = fact('UnloadAbandoned', agent, t.type({ agentId: AgentId, afterMs: t.number }));

export const AgentClosed = fact('AgentClosed', agent, t.type({ agentId: AgentId, rootId: AgentId, reason: t.string }));

/** Imported logs: what models were paid for, where the rollout tells it apart from the sampling. */
export const UsageRecorded = fact(
  'UsageRecorded',
  agent,
  t.type({ agentId: AgentId, inputTokens: t.number, outputTokens: t.number }),
);
