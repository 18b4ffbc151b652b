/**
 * Leases: an agent in memory holds its live processes, an agent that is not does not (PR5, RE3). Detaching is a fact and
 * touches no child; `leases` gives it with each eviction and load, so that no command can forget it.
 */
import type { HoldfastEvent, HoldfastFact } from '../../events/catalogue.ts';
import type { AgentId } from '../../events/ids.ts';
import { type DetachReason, ProcessDetached, ProcessReattached, ReattachSkipped } from '../../events/process.ts';
import type { Agent, Process, State } from '../../projections/state.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided } from './decision.ts';
import { isRoot, load } from './grant.ts';
import { findForOperator } from './paths.ts';

/** Requested or running, in the order of their ids. */
export const liveOf = (state: State, agentId: string): Process[] =>
  Object.keys(state.processes.live[agentId] ?? {})
    .map((id) => state.processes.all[id]!)
    .sort((a, b) => a.processId - b.processId);

export const allLive = (state: State): Process[] =>
  Object.keys(state.processes.live)
    .flatMap((agentId) => liveOf(state, agentId))
    .sort((a, b) => a.processId - b.processId);

export const detachment = (processes: readonly Process[], reason: DetachReason): HoldfastFact[] =>
  processes
    .filter(({ place }) => place === 'attached')
    .map(({ processId, agentId }) => ProcessDetached({ processId, agentId, reason }));

export const reattachment = (processes: readonly Process[], by: string): HoldfastFact[] =>
  processes
    .filter(({ place }) => place === 'detached')
    .map(({ processId, agentId }) => ProcessReattached({ processId, agentId, reattachedBy: by }));

/** What an operator took away on purpose stays away until an operator gives it back. */
const comesBack = ({ detached }: Process): boolean => detached !== 'operator';

/** Agents that this batch has loaded or evicted, for what they are after it. */
export function leases(state: State, ctx: Context, batch: readonly HoldfastEvent[]): HoldfastFact[] {
  const moved = new Set<AgentId>();
  for (const { type, data } of batch) if (type === 'AgentLoaded' || type === 'AgentEvicted') moved.add(data.agentId);
  return [...moved].flatMap((agentId) => {
    if (state.processes.live[agentId] === undefined || state.agents[agentId]!.last.is === 'closed') return [];
    const processes = liveOf(state, agentId);
    return state.residents.present[agentId] === undefined
      ? detachment(processes, 'evicted')
      : reattachment(processes.filter(comesBack), ctx.by);
  });
}

/** For unknown agents nothing is done and nothing is wrong (PR5); an ambiguous path is refused as anywhere. */
export function ofAgent(state: State, target: string, then: (agent: Agent) => Decision, none: object): Decision {
  const found = findForOperator(state, target);
  if (found._tag === 'Right') return then(found.right);
  return found.left.code === 'HOLDFAST_AGENT_NOT_FOUND' ? decided([], { path: target, ...none }) : found;
}

const idsOf = (processes: readonly Process[]): number[] => processes.map(({ processId }) => processId);

export const detach = (state: State, _ctx: Context, { target }: CommandOf<'detach'>): Decision =>
  ofAgent(
    state,
    target,
    ({ agentId, path }) => {
      const attached = liveOf(state, agentId).filter(({ place }) => place === 'attached');
      return decided(detachment(attached, 'operator'), { path, detached: idsOf(attached) });
    },
    { detached: [] },
  );

/** Why a process that was named is not reattached. */
export interface Skipped {
  readonly processId: number;
  readonly why: 'unknown' | 'ended' | 'held';
  /** Path of the agent that holds it. */
  readonly holder?: string;
}

/** An agent that is not in memory is loaded: somebody has to hold what comes back. */
export const reattach = (state: State, ctx: Context, { target, only }: CommandOf<'reattach'>): Decision =>
  ofAgent(
    state,
    target,
    (agent) => {
      const { agentId, path } = agent;
      const wanted = only === undefined ? undefined : [...new Set(only)].sort((a, b) => a - b);
      const free = liveOf(state, agentId).filter(
        ({ place, processId }) => place === 'detached' && wanted?.includes(processId) !== false,
      );
      const skipped = (wanted ?? []).filter((id) => !idsOf(free).includes(id)).map((id) => whyNot(state, id));
      const loaded = free.length === 0 ? [] : load(state, agentId, 'operator', 0, isRoot(agent));
      const held = skipped.flatMap(({ processId, why }) =>
        why === 'held'
          ? [ReattachSkipped({ processId, agentId, holder: state.processes.all[processId]!.agentId })]
          : [],
      );
      const answer = { path, reattached: idsOf(free), skipped };
      return decided([...loaded, ...reattachment(free, ctx.by), ...held], answer);
    },
    { reattached: [], skipped: [] },
  );

function whyNot(state: State, processId: number): Skipped {
  const process = state.processes.all[processId];
  if (process === undefined) return { processId, why: 'unknown' };
  if (process.end !== undefined) return { processId, why: 'ended' };
  return { processId, why: 'held', holder: state.agents[process.agentId]!.path };
}
