/** Worktrees as the engine has them made and let go. Both may be asked for again after a crash, and do nothing twice. */

export interface Workspaces {
  /**
   * `repo`: a folder in a repository; `branch`: of the worktree, which is found by it when it is there. Gives its path, the
   * commit it begins with, and the folder in it that is what `repo` is in the repository. Rejects with a `Failure`.
   */
  make(asked: { readonly repo: string; readonly branch: string }): Promise<{ path: string; base: string; cwd: string }>;
  /** Removed if there is no work in it that is nowhere else: nothing to commit, and no commit since `base`. */
  release(made: {
    readonly repo: string;
    readonly branch: string;
    readonly path: string;
    readonly base: string;
  }): Promise<{ outcome: 'removed' | 'kept'; why: string }>;
}
