/** Working directories of agents' own, on paper: who gets one, what waits for it, and when it is let go (WS1–WS4). */
import { expect, test } from 'vitest';
import { react } from '../../src/engine/react.ts';
import { fleet, type Given, of, type PaperFleet, type Then, types } from './given.ts';

const apart = (more: Given = {}): PaperFleet => fleet({ workspace: 'worktree', ...more });

const branch = (f: PaperFleet, path: string): string => f.state.workspaces!.of[f.id(path)]!.branch;

const made = (f: PaperFleet, path: string): Then =>
  f.ask(
    {
      do: 'workspaceMade',
      agentId: f.id(path),
      branch: branch(f, path),
      path: `/trees${path}`,
      base: 'b'.repeat(40),
      cwd: `/trees${path}/in`,
    },
    'engine',
  );

const effects = (f: PaperFleet, then: Then): string[] => react(f.state, then.events).map((effect) => effect.do);

test('[WS1] an agent that is to work apart asks for a worktree in the batch of its spawn, and its model waits for it', () => {
  const f = apart();
  const { events } = f.spawn('/root', 'a');
  expect(of({ events }, 'WorkspaceRequested').map(({ data }) => [data.repo, data.branch])).toEqual([
    ['/work', 'holdfast/fleet-1/root.a'],
  ]);
  expect(effects(f, { events })).toContain('makeWorkspace');
  const asked = react(f.state, events).filter((effect) => effect.do === 'sample' && effect.agentId === f.id('/root/a'));
  expect(asked).toEqual([]);
  expect(f.status('/root/a')).toBe('waiting');
  const then = made(f, '/root/a');
  expect([types(then), effects(f, then)]).toEqual([['WorkspaceMade'], ['sample']]);
  expect(of(f.call('/root/a', 'exec_command', { cmd: 'make' }), 'ProcessRequested')[0]!.data.cwd).toBe(
    '/trees/root/a/in',
  );
});

test('[WS1] the word of a role counts before that of its root, and that before the one of the fleet; roots stay where they are', () => {
  const f = fleet({
    workspace: 'worktree',
    roles: { worker: { workspace: 'worktree' }, explorer: { workspace: 'shared' } },
    roots: [
      { name: 'x', prompt: '1' },
      { name: 'y', prompt: '2', workspace: 'shared' },
    ],
  });
  f.spawn('x:/root', 'a');
  f.spawn('x:/root', 'b', { agent_type: 'explorer' });
  f.spawn('y:/root', 'a');
  f.spawn('y:/root', 'b', { agent_type: 'worker' });
  expect(f.of('WorkspaceRequested').map(({ data }) => data.branch)).toEqual([
    'holdfast/fleet-1/x.a',
    'holdfast/fleet-1/y.b',
  ]);
});

test('[WS2] after a crash what was asked for is asked for again under its name, and what is made is not', () => {
  const f = apart();
  f.spawn('/root', 'a');
  f.spawn('/root', 'b');
  made(f, '/root/a');
  const then = f.crash();
  const again = react(f.state, then.events).filter((effect) => effect.do === 'makeWorkspace');
  expect(again).toEqual([{ do: 'makeWorkspace', agentId: f.id('/root/b') }]);
  expect(made(f, '/root/b').events).toHaveLength(1);
  expect(made(f, '/root/b').events).toEqual([]);
});

test('[WS2] a path that is used again gets a branch of its own', () => {
  const f = apart();
  f.spawn('/root', 'a');
  made(f, '/root/a');
  f.close('/root/a');
  f.spawn('/root', 'a');
  expect(branch(f, '/root/a')).toBe('holdfast/fleet-1/root.a+2');
});

test('[WS3] a worktree that cannot be made fails the turn that waits for it, and the next turn asks again', () => {
  const f = apart();
  f.spawn('/root', 'a');
  const failed = {
    do: 'workspaceFailed',
    agentId: f.id('/root/a'),
    branch: branch(f, '/root/a'),
    error: 'the disk is full',
  } as const;
  expect(types(f.ask(failed, 'engine')).slice(0, 1)).toEqual(['WorkspaceFailed']);
  expect(f.status('/root/a')).toBe('failed');
  expect(f.unread('/root').join()).toContain('the working directory could not be made: the disk is full');
  expect(f.ask(failed, 'engine').events).toEqual([]);
  const again = f.followup('/root/a');
  expect([types(again).includes('WorkspaceRequested'), f.status('/root/a')]).toEqual([true, 'waiting']);
  made(f, '/root/a');
  expect(f.status('/root/a')).toBe('running');
});

test('[WS3] one that could not be made for an agent that was closed meanwhile is not waited for', () => {
  const f = apart();
  f.spawn('/root', 'a');
  const [agentId, name] = [f.id('/root/a'), branch(f, '/root/a')];
  f.close('/root/a');
  const failed = { do: 'workspaceFailed', agentId, branch: name, error: 'the disk is full' } as const;
  expect(types(f.ask(failed, 'engine'))).toEqual(['WorkspaceFailed']);
  expect(f.state.workspaces!.of[agentId]).toBeUndefined();
  expect(f.ask(failed, 'engine').events).toEqual([]);
});

test('[WS4] after the closing it is let go when nothing runs in it any more, once', () => {
  const f = apart();
  f.spawn('/root', 'a');
  made(f, '/root/a');
  f.call('/root/a', 'exec_command', { cmd: 'sleep 9' });
  const agentId = f.id('/root/a');
  const closed = f.close('/root/a');
  expect(effects(f, closed)).not.toContain('releaseWorkspace');
  const exit = { code: null, signal: 'SIGTERM', outputBytes: 0, outputHash: 'h' };
  const ended = f.ask({ do: 'processEnded', processId: 1000, exit }, 'engine');
  expect(effects(f, ended)).toContain('releaseWorkspace');
  const release = {
    do: 'workspaceReleased',
    agentId,
    branch: 'holdfast/fleet-1/root.a',
    outcome: 'kept',
    why: 'x',
  } as const;
  expect(types(f.ask(release, 'engine'))).toEqual(['WorkspaceReleased']);
  expect(f.ask(release, 'engine').events).toEqual([]);
});

test('[WS4] one that is made after the closing is let go at once', () => {
  const f = apart();
  f.spawn('/root', 'a');
  const agentId = f.id('/root/a');
  f.close('/root/a');
  const done = { path: '/trees/a', base: 'b', cwd: '/trees/a' };
  const then = f.ask({ do: 'workspaceMade', agentId, branch: 'holdfast/fleet-1/root.a', ...done }, 'engine');
  expect(effects(f, then)).toContain('releaseWorkspace');
});
