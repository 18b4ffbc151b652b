/** Facts about working directories of agents' own: git worktrees of the repository in which their root works. */
import * as t from 'io-ts';
import { aggregate, fact } from './fact.ts';
import { AgentId } from './ids.ts';

const agent = aggregate('agent', (d: { agentId: string }) => d.agentId);

/** `repo`: a folder in the repository; `branch`: its name is the worktree's, too, and no other's. */
export const WorkspaceRequested = fact(
  'WorkspaceRequested',
  agent,
  t.type({ agentId: AgentId, repo: t.string, branch: t.string }),
);

/** `base`: the commit it began with. `cwd`: where the agent works from now on, in it. */
export const WorkspaceMade = fact(
  'WorkspaceMade',
  agent,
  t.type({ agentId: AgentId, path: t.string, base: t.string, cwd: t.string }),
);

export const WorkspaceFailed = fact('WorkspaceFailed', agent, t.type({ agentId: AgentId, error: t.string }));

/** The agent is closed; `kept`: there is work in it that is nowhere else. */
export const WorkspaceReleased = fact(
  'WorkspaceReleased',
  agent,
  t.type({ agentId: AgentId, outcome: t.keyof({ removed: null, kept: null }), why: t.string }),
);
