/** Roles: what every fleet has, what a file makes of it, and who is told that there is no such role (RO1, RO2). */
import { expect, test } from 'vitest';
import { builtInRoles } from '../../src/decide/roles.ts';
import { checkFleet } from '../../src/fleetFile.ts';
import { fleet, of } from './given.ts';

const names = ['explorer', 'reviewer', 'worker'];

test('[RO1] each role of ours tells in few words how to work, and what its final message is for', () => {
  expect(Object.keys(builtInRoles).sort()).toEqual(names);
  for (const { instructions = '' } of Object.values(builtInRoles)) {
    expect(instructions).toContain('Your final message');
    expect(instructions.length).toBeLessThan(1000);
  }
});

test('[RO1] the opening records all roles, with what the file says of them', () => {
  const f = fleet({ roles: { worker: { effort: 'low' }, reviewer: { instructions: 'Be brief.' }, cook: {} } });
  const { roles } = f.of('FleetOpened')[0]!.data.fleet;
  expect(roles).toEqual({
    cook: {},
    explorer: builtInRoles.explorer,
    reviewer: { instructions: 'Be brief.' },
    worker: { ...builtInRoles.worker, effort: 'low' },
  });
});

test('[RO1] an agent that is spawned with a role has its model and effort, and what is spawned below it has the role too', () => {
  const f = fleet({
    models: { script: { kind: 'script' }, other: { kind: 'script' } },
    roles: { explorer: { model: 'other', effort: 'low' } },
    roots: [{ prompt: 'look', role: 'reviewer', model: 'script' }],
  });
  f.spawn('/root', 'a', { agent_type: 'explorer' });
  f.spawn('/root/a', 'b');
  const spawned = f.of('AgentSpawned').map(({ data }) => [data.role, data.model, data.effort]);
  expect(spawned).toEqual([
    ['reviewer', 'script', undefined],
    ['explorer', 'other', 'low'],
    ['explorer', 'other', 'low'],
  ]);
});

test('[RO2] a role that the fleet does not have is refused to a model and to an operator, and those it has are named', () => {
  const f = fleet();
  const { outcome, text } = f.spawn('/root', 'a', { agent_type: 'wizard' });
  expect([outcome, text]).toEqual([
    'error',
    'Unknown agent_type `wizard` for spawn_agent. Available roles: explorer, reviewer, worker',
  ]);
  const { refusal, events } = f.ask({ do: 'spawnRoot', cwd: '/work', prompt: 'x', role: 'wizard' });
  expect([refusal?.code, refusal?.remedy, events]).toEqual([
    'HOLDFAST_UNKNOWN_ROLE',
    'use one of: explorer, reviewer, worker',
    [],
  ]);
  expect(of(f.ask({ do: 'spawnRoot', cwd: '/work', prompt: 'x', role: 'worker' }), 'AgentSpawned')).toHaveLength(1);
});

test('[RO2] a fleet file with a root of an unknown role names those there are', () => {
  const roots = [{ prompt: 'x', model: 'script', role: 'revewer' }];
  const file = { models: { script: { kind: 'script' } }, roots };
  expect(() => checkFleet(file, 'fleet.json')).toThrow(/\(worker, reviewer, explorer\).*did you mean reviewer\?/);
  expect(checkFleet({ ...file, roots: [{ ...roots[0], role: 'reviewer' }] }, 'f').roots[0]!.role).toBe('reviewer');
});
