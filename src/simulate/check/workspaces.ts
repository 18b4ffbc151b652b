/** WS1–WS4: whoever is to work apart works in a tree that nobody else has, and no tree is lost or goes while it is needed. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import type { Picture } from './picture.ts';
import { holds } from './violation.ts';

interface KnownTree {
  readonly agentId: string;
  readonly branch: string;
  cwd: string | undefined;
  failed: boolean;
  end: 'removed' | 'kept' | undefined;
}

export interface WorkspaceChecker extends Checker {
  /** Git is asked. */
  readonly asked: (picture: Picture, what: 'make' | 'release', branch: string) => void;
  /** A model is asked on behalf of this agent, which is said to work there. */
  readonly sampled: (picture: Picture, agentId: string, cwd: string) => void;
  /** Nothing is to come any more; `trees`: branches of those on the disk. */
  readonly rested: (picture: Picture, trees: ReadonlySet<string>) => void;
}

export function workspaces(): WorkspaceChecker {
  const ofAgent = new Map<string, KnownTree>();
  const byBranch = new Map<string, KnownTree>();
  /** Where live processes work. */
  const working = new Map<number, string>();

  const requested = ({ position, data }: Extract<HoldfastEvent, { type: 'WorkspaceRequested' }>): void => {
    const { agentId, branch } = data;
    const owner = byBranch.get(branch);
    holds(owner === undefined || owner.agentId === agentId, 'WS2', position, () => `${branch} is another agent's`);
    const before = ofAgent.get(agentId);
    holds(before === undefined || before.failed, 'WS2', position, () => `${agentId} has asked for ${before?.branch}`);
    const tree = { agentId, branch, cwd: undefined, failed: false, end: undefined };
    ofAgent.set(agentId, tree);
    byBranch.set(branch, tree);
  };

  return {
    before: (picture, event) => {
      const { position } = event;
      switch (event.type) {
        case 'WorkspaceRequested':
          requested(event);
          return;
        case 'WorkspaceMade': {
          const tree = ofAgent.get(event.data.agentId);
          const asks = tree !== undefined && tree.cwd === undefined && !tree.failed;
          holds(
            asks,
            'WS2',
            position,
            () => `a worktree is made, and ${tree?.branch ?? 'nobody'} does not wait for one`,
          );
          tree.cwd = event.data.cwd;
          return;
        }
        case 'WorkspaceFailed':
          ofAgent.get(event.data.agentId)!.failed = true;
          return;
        case 'WorkspaceReleased': {
          const tree = ofAgent.get(event.data.agentId)!;
          const { open, path } = picture.agent(tree.agentId);
          holds(!open && tree.end === undefined, 'WS4', position, () => `${path} still has the tree that is let go`);
          for (const [processId, cwd] of working)
            holds(
              cwd !== tree.cwd,
              'WS4',
              position,
              () => `${tree.branch} is let go, and process ${processId} runs there`,
            );
          tree.end = event.data.outcome;
          return;
        }
        case 'ProcessRequested': {
          const { agentId, cwd, processId } = event.data;
          const tree = ofAgent.get(agentId);
          holds(tree === undefined || tree.cwd === cwd, 'WS1', position, () => `${agentId} works in ${cwd}`);
          working.set(processId, cwd);
          return;
        }
        case 'ProcessLaunchFailed':
        case 'ProcessExited':
        case 'ProcessTerminated':
        case 'ProcessLost':
          working.delete(event.data.processId);
          return;
        default:
      }
    },
    after: (_picture, batch) => {
      for (const event of batch) {
        if (event.type !== 'AgentSpawned' || event.data.parentId === undefined) continue;
        const { agentId, workspace, path } = event.data;
        const asks = ofAgent.has(agentId);
        holds(asks === (workspace === 'worktree'), 'WS1', event.position, () => `no tree is asked for, for ${path}`);
      }
    },
    asked: ({ position, agents }, what, branch) => {
      const tree = byBranch.get(branch);
      holds(tree !== undefined, 'LO1', position, () => `git is asked to ${what} ${branch}, which is not durable`);
      const gone = agents.get(tree.agentId)!.open === false;
      holds(what === 'make' || gone, 'LO1', position, () => `${branch} is let go, and no durable closing says so`);
    },
    sampled: ({ position }, agentId, cwd) => {
      const tree = ofAgent.get(agentId);
      const there = tree === undefined || tree.cwd === cwd;
      holds(there, 'WS1', position, () => `a model is asked to work in ${cwd}, not in ${tree?.branch}`);
    },
    rested: ({ position, agents }, trees) => {
      for (const tree of ofAgent.values()) {
        if (tree.cwd === undefined || !agents.get(tree.agentId)!.open) continue;
        holds(trees.has(tree.branch), 'WS4', position, () => `${tree.branch} is gone, and its agent is open`);
      }
      for (const branch of trees) {
        const tree = byBranch.get(branch);
        const known =
          tree !== undefined && (agents.get(tree.agentId)!.open ? tree.cwd !== undefined : tree.end === 'kept');
        holds(known, 'WS4', position, () => `${branch} lies on the disk, and nobody knows`);
      }
    },
  };
}
