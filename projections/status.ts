/** Status of an agent as a fold: what it is, since when, and the event that says so (TU5). */
import { inWait } from './activity.ts';
import { clientAwaited } from './answering.ts';
import { awaitsAnswer } from './approvals.ts';
import type { Agent, State } from './state.ts';
import { awaitsBinding } from './taskBindings.ts';
import { awaitsWorkspace } from './workspaces.ts';

export interface Status {
  readonly is: 'pending' | 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'interrupted' | 'closed';
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Position of the event that says so. */
  readonly position: number;
  /** `waiting`: what for. Otherwise the last message or error. */
  readonly what?: string;
}

export function statusOf(state: State, agent: Agent): Status {
  const turn = agent.turnId === undefined ? undefined : state.turns[agent.turnId];
  const queueId = state.slots.queuedBy[agent.agentId];
  const entry = queueId === undefined ? undefined : state.slots.trees[agent.rootId]!.entries[queueId];
  if (turn === undefined) {
    if (entry !== undefined) return { is: 'queued', since: entry.at, position: entry.position };
    const { is, at, position, message } = agent.last;
    return message === undefined ? { is, since: at, position } : { is, since: at, position, what: message };
  }
  if (entry !== undefined) return { is: 'waiting', since: entry.at, position: entry.position, what: 'a slot to go on' };
  const calls = Object.values(turn.calls).sort((a, b) => a.position - b.position);
  if (inWait(state, turn))
    return { is: 'waiting', since: calls[0]!.at, position: calls[0]!.position, what: 'mail (wait_agent)' };
  if (awaitsAnswer(turn)) {
    const { at, position, approvalId } = calls.find((call) => call.approvalId !== undefined)!;
    return { is: 'waiting', since: at, position, what: `the answer of a person (approval ${approvalId})` };
  }
  if (turn.parked !== undefined && turn.open === 0)
    return { is: 'waiting', since: turn.parked.at, position: turn.parked.position, what: 'a slot to go on' };
  if (awaitsWorkspace(state, agent.agentId))
    return { is: 'waiting', since: turn.at, position: turn.position, what: 'its working directory' };
  if (clientAwaited(state, turn))
    return { is: 'waiting', since: turn.at, position: turn.position, what: `its client (${rootName(state, agent)})` };
  if (awaitsBinding(state, turn)) {
    const { at, position } = state.taskBindings.registering[agent.agentId] ?? state.identities.registering ?? turn;
    return { is: 'waiting', since: at, position, what: 'a task binding' };
  }
  const asked = turn.client === true ? 'client' : 'model';
  const what = turn.phase === 'sampling' || calls.length === 0 ? asked : calls.map((call) => call.tool).join(', ');
  return { is: 'running', since: turn.at, position: turn.position, what };
}

const rootName = ({ agents }: State, { rootId }: Agent): string => agents[rootId]!.name ?? 'root';

export type WireStatus = string | { readonly completed: string | null } | { readonly errored: string };

/** In the words that models know from Codex. */
export function wireStatus(state: State, agent: Agent): WireStatus {
  const { is, what } = statusOf(state, agent);
  switch (is) {
    case 'pending':
    case 'queued':
      return 'pending_init';
    case 'running':
    case 'waiting':
      return 'running';
    case 'completed':
      return { completed: what === undefined || what === '' ? null : what };
    case 'failed':
      return { errored: what ?? '' };
    case 'interrupted':
      return 'interrupted';
    case 'closed':
      return 'shutdown';
  }
}
