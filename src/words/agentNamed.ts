/** The agent a person means: as for every operator, and closed ones too, because records are asked about the past. */
import type { Agent, State } from '../../projections/state.ts';
import { findForOperator } from '../decide/paths.ts';
import { Refused } from '../failure.ts';
import { short } from './line.ts';
import { nameIn } from './names.ts';

export function agentNamed(state: State, target: string): Agent {
  const open = findForOperator(state, target);
  if (open._tag === 'Right') return open.right;
  const { code, message, remedy, details } = open.left;
  if (code === 'HOLDFAST_AMBIGUOUS_PATH') throw new Refused(code, message, { remedy, ...(details && { details }) });
  const closed = Object.values(state.agents).filter(
    (agent) =>
      agent.agentId === target ||
      short(agent.agentId) === target ||
      agent.path === target ||
      nameIn(state, agent) === target,
  );
  // A path may have had several holders, one after the other: the newest is meant.
  const newest = closed.sort((a, b) => b.spawned - a.spawned)[0];
  if (newest !== undefined) return newest;
  throw new Refused('HOLDFAST_AGENT_NOT_FOUND', `there is and was no agent ${target}`, {
    remedy: '`holdfast show agents` lists the agents',
    details: { target },
  });
}
