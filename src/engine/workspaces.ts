/** Has worktrees made and let go, one request at a time for each agent; what becomes of it comes back as a command. */
import type { State } from '../../projections/state.ts';
import type { Workspaces } from '../workspaces/port.ts';
import type { Engine } from './engine.ts';

export class WorkspaceHands {
  readonly #engine: Engine;
  readonly #port: Workspaces | undefined;
  readonly #state: State;
  readonly #busy = new Map<string, Promise<void>>();

  constructor(engine: Engine, port: Workspaces | undefined) {
    this.#engine = engine;
    this.#port = port;
    this.#state = engine.state;
  }

  make(agentId: string): void {
    const workspace = this.#state.workspaces?.of[agentId];
    if (workspace === undefined || workspace.path !== undefined || this.#busy.has(agentId)) return;
    const { repo, branch } = workspace;
    const making =
      this.#port?.make({ repo, branch }) ?? Promise.reject(new Error('nobody makes worktrees for this fleet'));
    this.#do(
      agentId,
      making.then(
        (made) => this.#engine.report({ do: 'workspaceMade', agentId, branch, ...made }),
        (error: Error) => this.#engine.report({ do: 'workspaceFailed', agentId, branch, error: error.message }),
      ),
    );
  }

  release(agentId: string): void {
    const workspace = this.#state.workspaces?.of[agentId];
    if (workspace?.closed !== true || this.#busy.has(agentId) || this.#port === undefined) return;
    const { repo, branch, path, base } = workspace;
    if (path === undefined || base === undefined) return;
    const releasing = this.#port.release({ repo, branch, path, base });
    this.#do(
      agentId,
      releasing.then((end) => this.#engine.report({ do: 'workspaceReleased', agentId, branch, ...end })),
    );
  }

  #do(agentId: string, work: Promise<void>): void {
    const done = work.catch(() => {}).finally(() => this.#busy.delete(agentId));
    this.#busy.set(agentId, done);
  }

  /** Nothing is being made or let go. */
  async settled(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
  }
}
