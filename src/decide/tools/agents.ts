/** `list_agents`, `interrupt_agent`, `close_agent`: seeing, stopping and ending agents of one's own tree. */
import * as t from 'io-ts';
import { closed, closedShape } from '../../../events/closed.ts';
import { agentAt, subtree } from '../../../projections/paths.ts';
import type { Agent, State } from '../../../projections/state.ts';
import { statusOf, wireStatus } from '../../../projections/status.ts';
import { closure } from '../close.ts';
import { interruption } from '../ends.ts';
import { isRoot } from '../grant.ts';
import { findTarget, isBelow, resolvePath } from '../paths.ts';
import { error, okJson, refusedCall, type Tool, targetIs } from './tool.ts';

const ListArgs = closed(t.partial({ path_prefix: t.string }), 'list_agents arguments');

/** In the order in which the log writes it down. */
const listed = (state: State, agent: Agent) => ({
  agent_name: agent.path,
  agent_status: wireStatus(state, agent),
  last_task_message: isRoot(agent) ? 'Main thread' : (agent.task ?? null),
  resident: state.residents.present[agent.agentId] !== undefined,
  status: statusOf(state, agent).is,
});

export const listAgents: Tool<t.TypeOf<typeof ListArgs>> = {
  name: 'list_agents',
  description:
    'Lists the agents of your tree, in memory or not, with what they do; path_prefix narrows it to one agent and those below.',
  reads: true,
  args: ListArgs,
  parameters: {
    path_prefix: 'Only this agent and those below it: a path, absolute or relative to you. Default: the whole tree.',
  },
  decide: (state, _ctx, caller, args) => {
    let prefix = '/root';
    if (args.path_prefix !== undefined && args.path_prefix !== '') {
      const resolved = resolvePath(caller.path, args.path_prefix);
      if (resolved._tag === 'Left') return refusedCall('', resolved.left);
      prefix = resolved.right;
    }
    const top = agentAt(state, caller.rootId, prefix);
    const agents = (top === undefined ? [] : subtree(state, top))
      .map((agent) => listed(state, agent))
      .sort((a, b) => (a.agent_name < b.agent_name ? -1 : 1));
    return { end: okJson({ agents }) };
  },
};

const InterruptArgs = closedShape({ target: t.string }, { cascade: t.boolean }, 'interrupt_agent arguments');

export const interruptAgent: Tool<t.TypeOf<typeof InterruptArgs>> = {
  name: 'interrupt_agent',
  description:
    "Interrupts an agent's current turn, if it has one, and says what its status was. The agent stays and can be given other tasks.",
  args: InterruptArgs,
  parameters: {
    target: targetIs,
    cascade: 'true: the agents below it, too. Default: false.',
  },
  decide: (state, ctx, caller, args) => {
    const found = findTarget(state, caller, args.target);
    if (found._tag === 'Left') return refusedCall('', found.left);
    const target = found.right;
    if (isRoot(target)) return { end: error('root is not a spawned agent') };
    if (target.agentId === caller.agentId) {
      return {
        end: error('an agent cannot interrupt itself; return your result and let the parent interrupt you if needed'),
      };
    }
    const end = okJson({ previous_status: wireStatus(state, target) });
    const hit = args.cascade === true ? subtree(state, target).filter((a) => a.agentId !== caller.agentId) : [target];
    return {
      facts: hit.flatMap((agent) => interruption(state, ctx, agent, `interrupted by ${caller.path}`, 'interrupted')),
      end,
    };
  },
};

const CloseArgs = closedShape({ target: t.string }, { reason: t.string }, 'close_agent arguments');

export const closeAgent: Tool<t.TypeOf<typeof CloseArgs>> = {
  name: 'close_agent',
  description: 'Closes an agent and all below it for good: their turns and processes end and their names become free.',
  args: CloseArgs,
  parameters: {
    target: targetIs,
    reason: 'Why it is closed, for the record.',
  },
  decide: (state, ctx, caller, args) => {
    const found = findTarget(state, caller, args.target);
    if (found._tag === 'Left') return refusedCall('', found.left);
    const target = found.right;
    if (isRoot(target)) return { end: error('root is not a spawned agent') };
    if (target.agentId === caller.agentId || isBelow(caller.path, target.path)) {
      return {
        end: error(
          'an agent cannot close itself or an agent above it; return your result and let the parent close you if needed',
        ),
      };
    }
    const end = okJson({ previous_status: wireStatus(state, target) });
    return { facts: closure(state, ctx, subtree(state, target), args.reason ?? `closed by ${caller.path}`), end };
  },
};
