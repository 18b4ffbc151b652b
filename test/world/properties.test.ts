/** Properties over sequences of commands, drawn and shrunk by fast-check, of fleets that are somebody's own. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { histories, steps } from '../../src/simulate/histories.ts';
import { type History, historyOf, type Step } from '../../src/simulate/history.ts';
import type { Own } from '../../src/simulate/own.ts';
import { runHistory } from '../../src/simulate/run.ts';

const long = process.env.HOLDFAST_LONG !== undefined;
const longMs = 3_600_000;
const settings = { numRuns: long ? 1_000 : 30, ...(!long && { seed: 1 }) };

const happening = (seed: number, list: readonly Step[]): History => ({ ...historyOf(seed, 0), steps: list });
const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });

test(
  '[I2][I6][LO1][SL9] any sequence of sends, interruptions, closings, changes of limits and crashes keeps every promise',
  async () => {
    const property = fc.asyncProperty(
      seeds,
      fc.array(steps('send', 'interrupt', 'close', 'evict', 'changeLimits', 'crash'), { maxLength: 30 }),
      async (seed, list) => {
        await runHistory(happening(seed, list), { thorough: true });
      },
    );
    await fc.assert(property, settings);
  },
  longMs,
);

test('[I3][R6] a counterexample is shrunk to the few commands that it takes, and fails again', async () => {
  const property = fc.asyncProperty(histories(30), async (history) => {
    await runHistory({ ...history, plant: 'R6' });
  });
  const { failed, counterexample } = await fc.check(property, { numRuns: 200, seed: 1 });
  expect(failed).toBe(true);
  const [short] = counterexample!;
  expect(short.steps.length).toBeLessThan(10);
  await expect(runHistory({ ...short, plant: 'R6' })).rejects.toMatchObject({ broken: 'I3' });
  expect(fc.stringify(short)).toMatch(/^seed \d+/);
});

describe("what is one's own", () => {
  const any = historyOf(3, 30);
  // Clients answer for their agents with models of their own.
  const one = { ...any, steps: any.steps.filter((step) => !step.do.startsWith('client')) };

  test('[RE4][TU3] a model that always fails lets its turns fail, and every promise is kept', async () => {
    const model: Own['model'] = () => ({ sample: () => Promise.reject(new Error('never in the mood')) });
    const types: string[] = [];
    await runHistory(one, {
      model,
      onWorld: (world) => world.inspector.also({ before: (_, { type }) => types.push(type) }),
    });
    expect(types).toContain('TurnFailed');
    expect(types).not.toContain('ModelSampled');
  });

  test("[PR2] a command of one's own says what it says, and the model reads it", async () => {
    const read: string[] = [];
    const model: Own['model'] = () => ({
      sample: async ({ history, n }) => {
        for (const item of history) if (item.kind === 'result' && typeof item.text === 'string') read.push(item.text);
        return {
          items: n === 1 ? [{ call: 'exec_command', id: 'c', args: { cmd: 'weather' } }] : [{ say: 'so be it' }],
        };
      },
    });
    const command: Own['command'] = (asked) =>
      asked === 'weather' ? { output: 'rain', code: 3 } : { error: 'unknown' };
    await runHistory({ ...one, steps: [] }, { model, command });
    expect(read.join('\n')).toMatch(/code 3\n[\s\S]*rain/);
  });

  test("[SL2] a fleet of one's own has its limits in every history", async () => {
    const holders: number[] = [];
    const fleet: Own['fleet'] = { limits: { activeTurns: 1, whenFull: 'queue' } };
    const onWorld = ({
      inspector,
    }: {
      inspector: { picture: { trees: Map<string, { held: Map<string, unknown> }> }; also: (c: object) => void };
    }) =>
      inspector.also({
        after: () => holders.push(...[...inspector.picture.trees.values()].map(({ held }) => held.size)),
      });
    for (let seed = 1; seed < 8; seed += 1) {
      const { steps: all, ...history } = historyOf(seed, 20);
      const list = all.filter((step) => step.do !== 'changeLimits');
      await runHistory({ ...history, steps: list }, { fleet, onWorld });
    }
    expect(Math.max(...holders)).toBe(1);
  });

  test("[SL2] a policy of one's own that lets nobody in beside a free slot is told so", async () => {
    const decide: Own['decide'] = (real, state, ctx, command) => {
      const limits = { ...state.fleet.limits, activeTurns: 0, whenFull: 'refuse' as const };
      const wary = { ...state, fleet: { ...state.fleet, limits } };
      return real(command.do === 'send' ? wary : state, ctx, command);
    };
    const broken = async () => {
      for (let seed = 1; seed < 60; seed += 1) await runHistory(historyOf(seed, 30), { decide });
    };
    await expect(broken()).rejects.toMatchObject({ broken: expect.stringMatching(/^SL/) });
  });
});
