import { expect, test } from 'vitest';
import { holdfast, json, newPlace } from './cli.ts';

/** Each verb is a process of its own; all of them together take some seconds, and more on a busy machine. */
const slowMs = 180_000;

test(
  '[BU1][BU2][BU3] a fleet stops when its budget is spent, says what was spent, and goes on when it is raised',
  async () => {
    const list = (n: number) => ({ call: 'list_agents', id: `c${n}`, args: {} });
    const usage = { usage: { inputTokens: 400, outputTokens: 100 } };
    const place = newPlace({
      models: { script: { kind: 'script' } },
      prices: { script: { input: 1, output: 10 } },
      budget: { tokens: 1000, money: 5 },
      roots: [{ prompt: 'go', model: 'script' }],
      scripts: {
        '/root': [
          [list(1), usage],
          [list(2), usage],
          [list(3), usage],
          [{ say: 'done' }, usage],
        ],
      },
    });
    const log = ['--log', place.log];
    const ran = await holdfast(place, 'run', 'fleet.json', ...log);
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('the budget is spent: 1000 of 1000 tokens')]);
    expect((await holdfast(place, 'show', 'budget', ...log)).stdout).toMatch(
      /\/root +1000 of 1000 +0\.003 of 5\n[\s\S]*\/root +1000 +0\.003 +stopped by the budget/,
    );
    expect((await holdfast(place, 'why', 'refusal', 'last', ...log)).code).toBe(0);
    expect((await holdfast(place, 'budget', '--tokens', 'many', ...log)).code).toBe(2);
    expect((await holdfast(place, 'budget', ...log)).code).toBe(1);
    expect(await json(place, 'budget', '--tokens', 'none', ...log)).toEqual({ budget: { money: 5 }, goOn: ['/root'] });
    const resumed = await holdfast(place, 'resume', ...log);
    expect([resumed.code, resumed.stdout]).toEqual([0, expect.stringContaining('root completed: done')]);
  },
  slowMs,
);
