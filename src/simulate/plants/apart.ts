/** Planted defects of worktrees: one that nobody knows, and one for two agents. */
import { WorkspaceRequested } from '../../../events/workspace.ts';
import { dropped } from '../../decide/decision.ts';
import { inDecisions, inFacts, type Plant } from './plant.ts';

export const apartPlants: Readonly<Record<string, Plant>> = {
  'tree-lost': inDecisions(
    'a worktree that is made when its agent is closed is forgotten',
    (real, state, ctx, command) =>
      command.do === 'workspaceMade' && state.workspaces?.of[command.agentId]?.closed === true
        ? dropped({ stale: true })
        : real(state, ctx, command),
  ),
  'tree-shared': inFacts('who takes the path of a closed agent takes its branch as well', (facts) =>
    facts.map((fact) =>
      fact.type === 'WorkspaceRequested'
        ? WorkspaceRequested({ ...fact.data, branch: fact.data.branch.replace(/\+\d+$/, '') })
        : fact,
    ),
  ),
};
