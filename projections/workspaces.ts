/** Working directories of agents' own: asked for, made, and let go when their agent is closed. */
import type { Reducers } from './reducers.ts';
import type { Agent, State } from './state.ts';
import { table } from './table.ts';

export interface AgentWorkspace {
  repo: string;
  branch: string;
  /** Absent: it is not made yet. */
  path?: string;
  /** The commit it began with. */
  base?: string;
  /** Why it could not be made. */
  failed?: string;
  /** Its agent is closed, and whether there is work in it is to be seen. */
  closed?: true;
}

export interface Workspaces {
  /** Agent → its worktree, until it is let go. */
  of: Record<string, AgentWorkspace>;
  /** Branch without number → how many have been asked for. */
  names: Record<string, number>;
}

/** The agent cannot work before its directory is there. */
export const awaitsWorkspace = (state: State, agentId: string): boolean => {
  const workspace = state.workspaces?.of[agentId];
  return workspace !== undefined && workspace.path === undefined;
};

/** `holdfast/FLEET/ROOT.builder.x`: dots, since a branch cannot lie below another. A path that is used again gets a number. */
export function branchOf(state: State, { rootId, path }: Agent): string {
  const root = (state.agents[rootId]!.name ?? 'root').replaceAll(/[^A-Za-z0-9_-]/g, '_');
  const below = path.slice('/root'.length).replaceAll('/', '.');
  const name = `holdfast/${state.fleet.fleetId.slice(-12)}/${root}${below}`;
  const before = state.workspaces?.names[name] ?? 0;
  return before === 0 ? name : `${name}+${before + 1}`;
}

const unnumbered = (branch: string): string => branch.replace(/\+\d+$/, '');

/** Closed, and nothing of the fleet runs in it any more. */
export function abandoned(state: State): string[] {
  const { of = {} } = state.workspaces ?? {};
  const closed = Object.entries(of).filter(([, { closed, path }]) => closed === true && path !== undefined);
  if (closed.length === 0) return [];
  const used = Object.values(state.processes.live).flatMap((ids) =>
    Object.keys(ids).map((id) => state.processes.all[id]!.cwd),
  );
  return closed
    .filter(([, { path }]) => !used.some((cwd) => cwd === path || cwd.startsWith(`${path}/`)))
    .map(([agentId]) => agentId);
}

export const workspaces: Reducers = {
  WorkspaceRequested: (draft, { data }) => {
    const { agentId, repo, branch } = data;
    draft.workspaces ??= { of: table(), names: table() };
    const again = draft.workspaces.of[agentId] !== undefined;
    draft.workspaces.of[agentId] = { repo, branch };
    const name = unnumbered(branch);
    if (!again) draft.workspaces.names[name] = (draft.workspaces.names[name] ?? 0) + 1;
  },
  WorkspaceMade: (draft, { data }) => {
    const workspace = draft.workspaces!.of[data.agentId]!;
    workspace.path = data.path;
    workspace.base = data.base;
    delete workspace.failed;
    draft.agents[data.agentId]!.cwd = data.cwd;
  },
  WorkspaceFailed: (draft, { data }) => {
    const workspace = draft.workspaces!.of[data.agentId]!;
    workspace.failed = data.error;
    if (workspace.closed === true) delete draft.workspaces!.of[data.agentId];
  },
  WorkspaceReleased: (draft, { data }) => {
    delete draft.workspaces!.of[data.agentId];
  },
  AgentClosed: (draft, { data }) => {
    const workspace = draft.workspaces?.of[data.agentId];
    if (workspace === undefined) return;
    if (workspace.failed === undefined) workspace.closed = true;
    else delete draft.workspaces!.of[data.agentId];
  },
};
