import { expect, test } from 'vitest';
import { fixture, imported } from './imported.ts';

test('children in the file of their session run side by side, though one was written after the other', async () => {
  const pond = await imported(fixture('claude-sidechains'), 'claude');
  expect(Object.values(pond.state.agents).map(({ path }) => path)).toEqual([
    '/root',
    '/root/east_shore',
    '/root/west_shore',
  ]);
  expect(pond.steps('claude(max=10)')).toEqual([
    '09:00:01.350 reserved east_shore 1',
    '09:00:01.350 committed east_shore 1',
    '09:00:01.350 reserved west_shore 2',
    '09:00:01.350 committed west_shore 2',
    '09:00:03.100 released west_shore 1',
    '09:00:06.100 released east_shore 0',
  ]);
  expect(
    pond.of('TurnCompleted').map(({ data }) => [pond.path(data.agentId), data.message, data.imported?.mark]),
  ).toEqual([
    ['/root/west_shore', 'Reeds in the west.', 'written'],
    ['/root/east_shore', 'Ducks in the east.', 'written'],
    ['/root', 'Reeds and ducks.', 'inferred'],
  ]);
  // The last turn of the session has no end in the file.
  expect(pond.report.openTurns).toBe(1);
});

test('a task without a prompt was refused, and nobody was spawned for it', async () => {
  const pond = await imported(fixture('claude-sidechains'), 'claude');
  const errors = pond.of('ToolCallEnded').filter(({ data }) => data.outcome === 'error');
  expect(errors.map(({ data }) => data.callId)).toEqual(['t_bad', 'w_bad']);
  expect(pond.of('AgentSpawned')).toHaveLength(3);
});

test('commands are processes; one in the background ends when it is killed', async () => {
  const pond = await imported(fixture('claude-sidechains'), 'claude');
  const told = Object.values(pond.state.processes.all).map(({ command, end }) => [command[2], end?.how, end?.code]);
  expect(told).toEqual([
    ['ls west', 'exited', 0],
    ['false', 'exited', 1],
    ['pump --forever', 'terminated', null],
  ]);
});

test('what a message cost stands on each of its parts and is counted once', async () => {
  const pond = await imported(fixture('claude-sidechains'), 'claude');
  // Three messages of 100 tokens in; 9, 5 and 5 out.
  expect(pond.state.agents[pond.agentAt('/root')]?.usage).toEqual({ inputTokens: 300, outputTokens: 19 });
});

test('a child in the background has a file of its own, gets a message, and its end is a notice to its parent', async () => {
  const frog = await imported(fixture('claude-subagents'), 'claude');
  expect(Object.values(frog.state.agents).map(({ path }) => path)).toEqual(['/root', '/root/find_frog']);
  expect(frog.of('MailAccepted').map(({ data }) => [data.kind, frog.path(data.to)])).toEqual([
    ['operator', '/root'],
    ['spawn', '/root/find_frog'],
    ['message', '/root/find_frog'],
    ['completion', '/root'],
  ]);
  expect(frog.state.mail.inboxes).toEqual({});
  expect(frog.of('TurnCompleted').map(({ data }) => [frog.path(data.agentId), data.message])).toEqual([
    ['/root', 'I wait.'],
    ['/root/find_frog', 'Under the lily.'],
    ['/root', 'It is under the lily.'],
  ]);
  expect(frog.report.openTurns).toBe(0);
});
