import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { gitWorkspaces } from '../../src/workspaces/git.ts';
import { holdfast, newPlace } from '../cli/cli.ts';

/** Worktrees in real repositories. */
const slowMs = 120_000;
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const identity = ['-c', 'user.name=t', '-c', 'user.email=t@localhost'];
const git = (folder: string, ...words: string[]): string =>
  execFileSync('git', ['-C', folder, ...identity, ...words], { encoding: 'utf8', stdio: 'pipe' }).trim();

function repository(folder = mkdtempSync(join(tmpdir(), 'holdfast-git-'))): string {
  folders.push(folder);
  git(folder, 'init', '-q');
  mkdirSync(join(folder, 'below'));
  writeFileSync(join(folder, 'below', 'file'), 'one\n');
  git(folder, 'add', '.');
  git(folder, 'commit', '-qm', 'first');
  return folder;
}

const branch = 'holdfast/f/root.a';

test(
  '[WS2] a worktree is made once under its branch, found again, and is the same folder of the repository',
  async () => {
    const repo = repository();
    const ours = gitWorkspaces(join(repo, 'log'));
    const first = await ours.make({ repo: join(repo, 'below'), branch });
    expect(first.cwd).toBe(join(repo, 'log/worktrees/root.a/below/'));
    expect(existsSync(join(first.cwd, 'file'))).toBe(true);
    expect(await ours.make({ repo: join(repo, 'below'), branch })).toEqual(first);
    expect(git(first.path, 'branch', '--show-current')).toBe(branch);
  },
  slowMs,
);

test(
  '[WS2] one that was cut off while it was being made is made again',
  async () => {
    const repo = repository();
    const ours = gitWorkspaces(join(repo, 'log'));
    const { path } = await ours.make({ repo, branch });
    rmSync(join(path, 'below'), { recursive: true });
    git(repo, 'worktree', 'lock', '--reason', 'initializing', path);
    const again = await ours.make({ repo, branch });
    expect([again.path, existsSync(join(path, 'below/file'))]).toEqual([path, true]);
  },
  slowMs,
);

test(
  '[WS4] work is never lost: one without any is removed with its branch, one with changes or commits is kept',
  async () => {
    const repo = repository();
    const ours = gitWorkspaces(join(repo, 'log'));
    const clean = {
      repo,
      branch: 'holdfast/f/root.clean',
      ...(await ours.make({ repo, branch: 'holdfast/f/root.clean' })),
    };
    const changed = {
      repo,
      branch: 'holdfast/f/root.changed',
      ...(await ours.make({ repo, branch: 'holdfast/f/root.changed' })),
    };
    const committed = { repo, branch, ...(await ours.make({ repo, branch })) };
    writeFileSync(join(changed.path, 'new'), 'x');
    git(committed.path, 'commit', '-qm', 'work', '--allow-empty');
    expect(await ours.release(clean)).toMatchObject({ outcome: 'removed' });
    expect(await ours.release(clean)).toMatchObject({ outcome: 'removed' });
    expect(await ours.release(changed)).toMatchObject({
      outcome: 'kept',
      why: 'it has changes that are not committed',
    });
    expect(await ours.release(committed)).toMatchObject({ outcome: 'kept', why: `it has commits: branch ${branch}` });
    expect([clean, changed, committed].map(({ path }) => existsSync(path))).toEqual([false, true, true]);
    expect(git(repo, 'branch', '--list', 'holdfast/*', '--format=%(refname:short)').split('\n')).toEqual(
      [branch, 'holdfast/f/root.changed'].sort(),
    );
  },
  slowMs,
);

const asking = {
  workspace: 'worktree',
  models: { script: { kind: 'script' } },
  roots: [{ prompt: 'go', model: 'script' }],
  scripts: {
    '/root': [
      [
        { call: 'spawn_agent', id: 's', args: { task_name: 'a', message: 'work' } },
        { call: 'spawn_agent', id: 't', args: { task_name: 'b', message: 'look' } },
      ],
      [{ call: 'wait_agent', id: 'w1', args: {} }],
      [{ call: 'wait_agent', id: 'w2', args: {} }],
      [
        { call: 'close_agent', id: 'c1', args: { target: 'a' } },
        { call: 'close_agent', id: 'c2', args: { target: 'b' } },
      ],
      [{ say: 'done' }],
    ],
    '/root/a': [
      [{ call: 'exec_command', id: 'x', args: { cmd: 'echo work > work; pwd', yield_time_ms: 30_000 } }],
      [{ say: 'a' }],
    ],
    '/root/b': [[{ say: 'b' }]],
  },
};

test(
  '[WS1][WS4] a fleet works in worktrees of its own, keeps the one with work in it and says where it is',
  async () => {
    const place = newPlace(asking);
    repository(place.folder);
    const ran = await holdfast(place, 'run', 'fleet.json', '--log', place.log);
    expect(ran.code).toBe(0);
    expect(existsSync(join(place.folder, 'work'))).toBe(false);
    expect(existsSync(join(place.log, 'worktrees/root.a/work'))).toBe(true);
    expect(existsSync(join(place.log, 'worktrees/root.b'))).toBe(false);
    const told = (await holdfast(place, 'log', '--type', 'WorkspaceReleased', '--log', place.log)).stdout;
    expect(told).toContain('/root/a: kept: it has changes that are not committed');
    expect(told).toContain('/root/b: removed');
  },
  slowMs,
);

test(
  '[WS3] where there is no repository a fleet that asks for worktrees does not begin',
  async () => {
    const place = newPlace(asking);
    const ran = await holdfast(place, 'run', 'fleet.json', '--log', place.log);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('HOLDFAST_NO_REPOSITORY')]);
    expect(existsSync(place.log)).toBe(false);
  },
  slowMs,
);
