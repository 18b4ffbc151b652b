/** Roots that an operator adds, and the small print of decisions that long runs seldom reach. */
import { describe, expect, test } from 'vitest';
import type { CommandOf } from '../../src/decide/command.ts';
import { fleet, of } from './given.ts';

const root = (more: Partial<CommandOf<'spawnRoot'>> = {}): CommandOf<'spawnRoot'> => ({
  do: 'spawnRoot',
  cwd: '/work',
  prompt: 'begin',
  ...more,
});

describe('a root that is added', () => {
  const script = { kind: 'script' as const };

  test('[PA2] gets the next free name, and a name is given once', () => {
    const f = fleet();
    expect(f.ask(root()).answer).toMatchObject({ name: 'root2', path: '/root' });
    expect(f.ask(root()).answer).toMatchObject({ name: 'root3' });
    const then = f.ask(root({ name: 'root2' }));
    expect(then.refusal).toMatchObject({ code: 'HOLDFAST_ROOT_EXISTS', details: { name: 'root2' } });
    expect(then.events).toEqual([]);
  });

  test('takes model and effort from its role unless it says them itself', () => {
    const roles = { worker: { model: 'other', effort: 'low' }, plain: {} };
    const f = fleet({ models: { script, other: script }, roles });
    const born = (more: Partial<CommandOf<'spawnRoot'>>) => of(f.ask(root(more)), 'AgentSpawned')[0]!.data;
    expect(born({ role: 'worker' })).toMatchObject({ model: 'other', effort: 'low', role: 'worker' });
    expect(born({ role: 'worker', model: 'script', effort: 'high' })).toMatchObject({
      model: 'script',
      effort: 'high',
    });
    expect(born({ role: 'plain' })).toMatchObject({ model: 'script', role: 'plain' });
    expect(born({})).not.toHaveProperty('effort');
  });

  test('uses the only model there is, and is refused when it names one that is not there', () => {
    const f = fleet({ models: { lonely: script }, roots: [{ prompt: 'begin' }] });
    expect(of(f.ask(root()), 'AgentSpawned')[0]!.data.model).toBe('lonely');
    expect(f.ask(root({ model: 'nobody' })).refusal).toMatchObject({
      code: 'HOLDFAST_UNKNOWN_MODEL',
      remedy: 'use one of: lonely',
    });
  });

  test('works where it is told to: at an absolute path, below the folder of the fleet, or in it', () => {
    const f = fleet();
    const at = (cwd?: string) =>
      of(f.ask({ ...root(), ...(cwd !== undefined && { cwd }) }), 'AgentSpawned')[0]!.data.cwd;
    expect([at(), at('/elsewhere')]).toEqual(['/work', '/elsewhere']);
    const g = fleet({
      roots: [
        { name: 'a', prompt: 'x', cwd: 'packages/a' },
        { name: 'b', prompt: 'x', cwd: '/b' },
        { name: 'c', prompt: 'x' },
      ],
    });
    expect(g.of('AgentSpawned').map((e) => e.data.cwd)).toEqual(['/work/packages/a', '/b', '/work']);
  });
});

test('[SL5] a refusal names five holders in words and thirty-two in data, and counts the others', () => {
  const f = fleet({ limits: { activeTurns: 40, residents: 64 } });
  for (let i = 0; i < 40; i += 1) f.spawn('/root', `a${i}`);
  const refused = f.spawn('/root', 'late');
  const [{ data }] = of(refused, 'SlotRefused') as [ReturnType<typeof of<'SlotRefused'>>[number]];
  expect(data.holders).toHaveLength(32);
  expect(refused.text).toContain('/root/a0 (since event');
  expect(refused.text).toContain('/root/a4 (since event');
  expect(refused.text).not.toContain('/root/a5 (since event');
  expect(refused.text).toContain('and 35 more');
});

test('what a sampling cost is recorded with it, and only then', () => {
  const f = fleet();
  const { turnId } = f.turn('/root');
  const usage = { inputTokens: 7, outputTokens: 3 };
  const then = f.ask({ do: 'sampled', turnId, n: 1, items: [], usage });
  expect(of(then, 'ModelSampled')[0]!.data).toMatchObject({ usage });
  expect(of(then, 'TurnCompleted')[0]!.data.message).toBe('');
  const other = fleet();
  expect(of(other.say('/root'), 'ModelSampled')[0]!.data).not.toHaveProperty('usage');
});

test('[PR3] bytes that were written are told once, and nothing is told of a process that is not there or has ended', () => {
  const f = fleet();
  const exec = f.call('/root', 'exec_command', { cmd: 'cat', tty: true });
  const [process] = Object.values(f.state.processes.all);
  const { processId } = process!;
  const requestId = `${f.turn('/root').turnId}/${exec.id}`;
  const written = { do: 'processWritten', processId, requestId, bytes: 2, hash: 'ab', writtenBy: 'operator' } as const;
  expect(of(f.ask(written, 'engine'), 'ProcessWritten')).toHaveLength(1);
  expect(f.ask(written, 'engine').events).toEqual([]);
  expect(f.state.processes.all[processId]!.written).toBe(2);
  expect(f.ask({ ...written, processId: 4711, requestId: 'other/c' }, 'engine').events).toEqual([]);
});
