import { expect, test } from 'vitest';
import type { Kill } from '../../src/simulate/driver.ts';
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

/** Deaths at every point of a history, one of `kills` at a time; says how many there were. */
async function everywhere(seed: number, kills: (after: number) => readonly (readonly Kill[])[]): Promise<number> {
  const history = calm(seed);
  const { completions } = await runHistory(history);
  let count = 0;
  for (let after = 0; after < completions; after += 1) {
    if (after % 20 === 0) await new Promise(setImmediate);
    for (const killed of kills(after)) {
      const fault = await runHistory(history, { kills: killed }).then(
        () => undefined,
        (error) => `seed ${seed}, kills ${JSON.stringify(killed)}: ${error.message}`,
      );
      expect(fault).toBeUndefined();
      count += killed.length;
    }
  }
  return count;
}

test('[LO1][SL8][TU6] an engine that is killed at any point, and again while it recovers, keeps every promise', async () => {
  let kills = 0;
  for (let seed = 1; seed <= histories; seed += 1) {
    kills += await everywhere(seed, (after) =>
      [false, true].flatMap((synced) =>
        again.map((more) => [{ after, synced }, ...(more === undefined ? [] : [{ after: more, synced: !synced }])]),
      ),
    );
  }
  expect(kills).toBeGreaterThan(500);
}, 3_600_000);

test('[PR6][PR8][P-2] a child or a host that dies at any point, alone or with the engine just after, loses no end and no promise', async () => {
  let kills = 0;
  for (let seed = 1; seed <= (long ? histories : 3); seed += 1) {
    kills += await everywhere(seed, (after) => [
      [{ after, synced: true, who: 'child' }],
      [{ after, synced: true, who: 'host' }],
      [{ after, synced: false, who: 'host' }],
      [
        { after, synced: true, who: 'host' },
        { after: 1, synced: true },
      ],
      [
        { after, synced: true, who: 'child' },
        { after: 0, synced: true },
      ],
    ]);
  }
  expect(kills).toBeGreaterThan(300);
}, 3_600_000);
