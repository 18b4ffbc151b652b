/** Worktrees by git, below the folder of the log. One at a time: git locks the repository for some of it. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../failure.ts';
import type { Workspaces } from './port.ts';

/** A checkout of a large repository on a slow disk; what takes longer hangs. */
const gitMs = 300_000;

export function git(folder: string, ...words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' };
    // Set by git for its hooks: they would name another repository than the folder does.
    for (const name of ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE']) delete (env as NodeJS.ProcessEnv)[name];
    execFile('git', ['-C', folder, ...words], { env, timeout: gitMs, maxBuffer: 2 ** 26 }, (error, out, said) => {
      if (error === null) return resolve(out.trimEnd());
      const why = said.trim().split('\n').at(-1) || error.message;
      reject(new Failure('HOLDFAST_GIT_FAILED', `git ${words[0]} in ${folder}: ${why}`, { cause: error }));
    });
  });
}

/** Undefined: the folder is in no repository, or in one without a commit. */
export const headOf = (folder: string): Promise<string | undefined> =>
  git(folder, 'rev-parse', '--verify', 'HEAD').catch(() => undefined);

interface Entry {
  readonly branch: string | undefined;
  readonly locked: boolean;
}

/** A worktree that git knows; locked while it is being made. */
async function entryAt(repo: string, path: string): Promise<Entry | undefined> {
  const entries = (await git(repo, 'worktree', 'list', '--porcelain')).split('\n\n').map((text) => text.split('\n'));
  const lines = entries.find(([first]) => first === `worktree ${path}`);
  return (
    lines && {
      branch: lines.find((line) => line.startsWith('branch '))?.slice('branch refs/heads/'.length),
      locked: lines.some((line) => line.startsWith('locked')),
    }
  );
}

async function make(dir: string, repo: string, branch: string) {
  const path = join(dir, 'worktrees', branch.slice(branch.lastIndexOf('/') + 1));
  const prefix = await git(repo, 'rev-parse', '--show-prefix');
  await git(repo, 'worktree', 'prune');
  const entry = await entryAt(repo, path);
  const whole = entry?.branch === branch && !entry.locked;
  if (!whole) {
    // Nobody has worked in it: it was never said to be there.
    if (entry?.locked) await git(repo, 'worktree', 'remove', '--force', '--force', path);
    mkdirSync(dirname(path), { recursive: true });
    const there = await git(repo, 'branch', '--list', branch);
    if (there === '') await git(repo, 'worktree', 'add', '-b', branch, path);
    else await git(repo, 'worktree', 'add', path, branch);
  }
  return { path, base: await git(path, 'rev-parse', 'HEAD'), cwd: join(path, prefix) };
}

type Made = Parameters<Workspaces['release']>[0];

async function release({ repo, branch, path, base }: Made): ReturnType<Workspaces['release']> {
  const kept = (why: string) => ({ outcome: 'kept' as const, why });
  if (existsSync(path)) {
    if ((await git(path, 'status', '--porcelain')) !== '') return kept('it has changes that are not committed');
    const heads = [await git(path, 'rev-parse', 'HEAD'), await git(repo, 'rev-parse', `refs/heads/${branch}`)];
    if (heads.some((head) => head !== base)) return kept(`it has commits: branch ${branch}`);
    await git(repo, 'worktree', 'remove', path);
  } else await git(repo, 'worktree', 'prune');
  // Only while it is what it was at the beginning.
  await git(repo, 'update-ref', '-d', `refs/heads/${branch}`, base).catch(() => {});
  return { outcome: 'removed', why: 'there was no work in it' };
}

export function gitWorkspaces(dir: string): Workspaces {
  const folder = resolve(dir);
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <A>(work: () => Promise<A>): Promise<A> => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
  return {
    make: ({ repo, branch }) => inTurn(() => make(folder, repo, branch)),
    release: (made) => inTurn(() => release(made)).catch((error: Error) => ({ outcome: 'kept', why: error.message })),
  };
}
