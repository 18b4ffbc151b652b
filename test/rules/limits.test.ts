/** Limits other than slots, and changing them while a fleet is open (SL5, PA1's depth, TU5's product table). */
import { expect, test } from 'vitest';
import { fleet, of, types } from './given.ts';

test('[SL5] the depth limit is refused and recorded as itself, never as a slot limit', () => {
  const f = fleet({ limits: { depth: 1 } });
  f.spawn('/root', 'a');
  const { events, outcome, text } = f.spawn('/root/a', 'b');
  expect(types({ events })).toEqual(['ToolCallStarted', 'LimitRefused', 'ToolCallEnded']);
  expect(of({ events }, 'LimitRefused')[0]!.data).toMatchObject({ limit: 'depth', number: 1, path: '/root/a/b' });
  expect([outcome, text!.startsWith('collab spawn failed: limit depth reached: 1')]).toEqual(['refused', true]);
});

test('[SL5] the limit of processes names those that hold it, in the tree of the caller alone', () => {
  const f = fleet({
    limits: { processes: 1 },
    roots: [
      { name: 'x', prompt: '1' },
      { name: 'y', prompt: '2' },
    ],
  });
  f.call('x:/root', 'exec_command', { cmd: 'one' });
  expect(f.call('y:/root', 'exec_command', { cmd: 'two' }).outcome).toBeUndefined();
  f.spawn('x:/root', 'a').events.at(-1);
  f.interrupt('x:/root');
  f.followup('x:/root');
  const { events, text } = f.call('x:/root', 'exec_command', { cmd: 'three' });
  expect(types({ events })).toEqual(['ToolCallStarted', 'LimitRefused', 'ToolCallEnded']);
  const { holders, number } = of({ events }, 'LimitRefused')[0]!.data;
  expect([number, holders.map((h) => h.processId)]).toEqual([1, [1000]]);
  expect(text).toMatch(/^exec_command failed: limit processes reached: 1/);
});

test.each([
  [{ activeTurns: -1 }],
  [{ activeTurns: 1.5 }],
  [{ activeTurns: '3' }],
  [{ whenFull: 'wait' }],
  [{ no_such: 3 }],
  [{ constructor: 3 }],
])('[SL5] %j is no change of limits: it is refused, and nothing is recorded', (limits) => {
  const f = fleet();
  const then = f.ask({ do: 'changeLimits', limits });
  expect([then.refusal?.code, then.events]).toEqual(['HOLDFAST_BAD_LIMITS', []]);
});

test('[SL5][I3] after a lowering slots do not grow until they fit, and nobody is thrown out', () => {
  const f = fleet({ limits: { activeTurns: 3 } });
  for (const name of ['a', 'b', 'c']) f.spawn('/root', name);
  f.limits({ activeTurns: 1 });
  expect(f.held()).toBe(3);
  for (const [name, left] of [
    ['a', 2],
    ['b', 1],
  ] as const) {
    f.say(`/root/${name}`);
    expect([f.held(), f.spawn('/root', 'd').outcome]).toEqual([left, 'refused']);
  }
  f.say('/root/c');
  expect(f.spawn('/root', 'd').outcome).toBe('ok');
});

test('[SL5] what a limit was changed to survives a crash', () => {
  const f = fleet({ limits: { activeTurns: 1 } });
  f.limits({ activeTurns: 2, whenFull: 'queue' });
  f.crash();
  expect(f.state.fleet.limits).toMatchObject({ activeTurns: 2, whenFull: 'queue', residents: 64 });
});
