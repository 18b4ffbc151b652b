/** Which open agent is at a path: every agent knows its open children by theirs, so one is found by as many looks as it is deep. */
import type { Agent, State } from './state.ts';

/** Undefined when nobody open is there. The path of every root is `/root`. */
export function agentAt(state: State, rootId: string, path: string): Agent | undefined {
  let agent = state.agents[rootId];
  if (agent === undefined || agent.last.is === 'closed' || !path.startsWith('/root')) return undefined;
  let end = '/root'.length;
  while (end < path.length) {
    if (path[end] !== '/') return undefined;
    const next = path.indexOf('/', end + 1);
    end = next < 0 ? path.length : next;
    const below: string = path.slice(0, end);
    const children: Record<string, Agent['agentId']> | undefined = agent.children;
    // Paths begin with a slash, so none is a member that every object has.
    const id: Agent['agentId'] | undefined = children?.[below];
    if (id === undefined) return undefined;
    agent = state.agents[id]!;
  }
  return agent;
}

/** An open agent and all open ones below it, leaves first. */
export const subtree = (state: State, agent: Agent): Agent[] => [
  ...Object.values(agent.children ?? {}).flatMap((id) => subtree(state, state.agents[id]!)),
  agent,
];
