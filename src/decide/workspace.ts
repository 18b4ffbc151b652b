/** Working directories of agents' own: requested with the spawn, made outside, let go after the closing (WS1–WS4). */
import type { HoldfastFact } from '../../events/catalogue.ts';
import { WorkspaceFailed, WorkspaceMade, WorkspaceReleased, WorkspaceRequested } from '../../events/workspace.ts';
import type { Agent, State } from '../../projections/state.ts';
import { type AgentWorkspace, branchOf } from '../../projections/workspaces.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, dropped } from './decision.ts';
import { failure } from './ends.ts';
import type { Rule } from './settle.ts';

const stale = dropped({ stale: true });

/** Whoever is born to work apart asks for a directory, and so does whoever starts a turn after it could not be made. */
export const workspaces: Rule = (state, _ctx, batch) => {
  const facts: HoldfastFact[] = [];
  for (const { type, data } of batch) {
    if (type === 'AgentSpawned' && data.parentId !== undefined && data.workspace === 'worktree') {
      const agent = state.agents[data.agentId]!;
      const repo = state.agents[agent.rootId]!.cwd;
      facts.push(WorkspaceRequested({ agentId: agent.agentId, repo, branch: branchOf(state, agent) }));
    } else if (type === 'TurnStarted') {
      const failed = state.workspaces?.of[data.agentId];
      if (failed?.failed === undefined) continue;
      facts.push(WorkspaceRequested({ agentId: data.agentId, repo: failed.repo, branch: failed.branch }));
    }
  }
  return facts;
};

/** The one that is spoken of, as long as it is. */
function spokenOf(
  state: State,
  { agentId, branch }: { readonly agentId: string; readonly branch: string },
): { readonly agentId: Agent['agentId']; readonly workspace: AgentWorkspace } | undefined {
  const workspace = state.workspaces?.of[agentId];
  return workspace?.branch === branch ? { agentId: agentId as Agent['agentId'], workspace } : undefined;
}

export function workspaceMade(state: State, _ctx: Context, command: CommandOf<'workspaceMade'>): Decision {
  const spoken = spokenOf(state, command);
  if (spoken === undefined || spoken.workspace.path !== undefined) return stale;
  const { path, base, cwd } = command;
  return decided([WorkspaceMade({ agentId: spoken.agentId, path, base, cwd })], {});
}

/** WS3: the turn that waits for it fails; the next one asks again. */
export function workspaceFailed(state: State, ctx: Context, command: CommandOf<'workspaceFailed'>): Decision {
  const spoken = spokenOf(state, command);
  if (spoken === undefined || spoken.workspace.path !== undefined || spoken.workspace.failed !== undefined)
    return stale;
  const { agentId } = spoken;
  const { error } = command;
  const turn = state.turns[state.agents[agentId]!.turnId ?? ''];
  const text = `the working directory could not be made: ${error}`;
  return decided(
    [WorkspaceFailed({ agentId, error }), ...(turn === undefined ? [] : failure(state, ctx, turn, text))],
    {},
  );
}

export function workspaceReleased(state: State, _ctx: Context, command: CommandOf<'workspaceReleased'>): Decision {
  const spoken = spokenOf(state, command);
  if (spoken?.workspace.closed !== true) return stale;
  const { outcome, why } = command;
  return decided([WorkspaceReleased({ agentId: spoken.agentId, outcome, why })], {});
}
