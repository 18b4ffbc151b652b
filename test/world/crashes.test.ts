import { expect, test } from 'vitest';
import { historyOf } from '../../src/simulate/history.ts';
import { runHistory } from '../../src/simulate/run.ts';

/** Short histories, killed at every single point: after each completion that crosses a port, before and after the sync. */
const long = process.env.HOLDFAST_LONG !== undefined;
const histories = long ? 60 : 4;
/** Further kills during the recovery from the first. */
const again = long ? [undefined, 0, 1, 2, 3, 4, 6, 8] : [undefined, 1, 3];

const calm = (seed: number) => {
  const history = historyOf(seed, 4);
  const steps = history.steps.filter((step) => step.do !== 'crash');
  return { ...history, steps };
};

test('[LO1][SL8][TU6] an engine that is killed at any point, and again while it recovers, keeps every promise', async () => {
  let kills = 0;
  for (let seed = 1; seed <= histories; seed += 1) {
    const history = calm(seed);
    const { completions } = await runHistory(history);
    for (let after = 0; after < completions; after += 1) {
      if (after % 20 === 0) await new Promise(setImmediate);
      for (const synced of [false, true]) {
        for (const more of again) {
          const second = more === undefined ? [] : [{ after: more, synced: !synced }];
          const killed = [{ after, synced }, ...second];
          const fault = await runHistory(history, { kills: killed }).then(
            () => undefined,
            (error) => `seed ${seed}, kills ${JSON.stringify(killed)}: ${error.message}`,
          );
          expect(fault).toBeUndefined();
          kills += killed.length;
        }
      }
    }
  }
  expect(kills).toBeGreaterThan(500);
}, 3_600_000);
