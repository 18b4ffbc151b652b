/** Whether a new fleet asks for worktrees, and whether there is a repository to make them of: said before anything is written. */
import { resolve } from 'node:path';
import type { FleetFile } from '../../events/fleetFile.ts';
import type { RootGiven } from '../decide/command.ts';
import { Failure } from '../failure.ts';
import { headOf } from './git.ts';

type Asking = Pick<FleetFile, 'roles' | 'workspace'> & { readonly roots?: readonly RootGiven[] };

/** Throws HOLDFAST_NO_REPOSITORY. */
export async function refuseWithoutRepository(
  { roles = {}, workspace, roots = [] }: Asking,
  cwd: string,
): Promise<void> {
  const anyRole = Object.values(roles).some((role) => role.workspace === 'worktree');
  for (const root of roots) {
    if (!anyRole && (root.workspace ?? workspace) !== 'worktree') continue;
    const folder = resolve(cwd, root.cwd ?? '');
    if ((await headOf(folder)) !== undefined) continue;
    throw new Failure(
      'HOLDFAST_NO_REPOSITORY',
      `worktrees are asked for, and ${folder} is in no git repository with a commit`,
      {
        remedy: 'run it in a repository, make a first commit, or leave `workspace` out',
        details: { folder },
      },
    );
  }
}
