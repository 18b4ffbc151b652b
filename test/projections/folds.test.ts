import { applyPatches } from 'immer';
import { expect, test } from 'vitest';
import { agentsOf, type HoldfastEvent } from '../../events/catalogue.ts';
import { defaultLimits } from '../../events/limits.ts';
import { apply } from '../../projections/apply.ts';
import { emptyHistory, remember } from '../../projections/history.ts';
import { foldPage, foldPageWithPatches } from '../../projections/pages.ts';
import { emptyState, type State } from '../../projections/state.ts';
import { statusOf, wireStatus } from '../../projections/status.ts';
import { numbered, table } from '../../projections/table.ts';
import { historyOf } from '../../src/simulate/history.ts';
import { runHistory } from '../../src/simulate/run.ts';

/** Logs of simulated fleets, with faults and crashes. */
async function logs(...seeds: readonly number[]): Promise<(readonly HoldfastEvent[])[]> {
  const all: (readonly HoldfastEvent[])[] = [];
  for (const seed of seeds)
    await runHistory(historyOf(seed, 40), {
      onWorld: (world) => {
        all.push(world.events);
      },
    });
  return all;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('[I13] the patches of a page lead from the state before it to the state after it', async () => {
  for (const events of await logs(3, 4)) {
    let state: State = emptyState(defaultLimits);
    for (let at = 0; at < events.length; at += 37) {
      const page = events.slice(at, at + 37);
      const { state: next, patches } = foldPageWithPatches(state, page);
      expect(plain(applyPatches(state, [...patches]))).toEqual(plain(next));
      expect(plain(next)).toEqual(plain(foldPage(state, page)));
      state = next;
    }
  }
});

test('[RE6] a history is folded from the whole log as from the events that touch its agent', async () => {
  let items = 0;
  for (const events of await logs(5, 6, 7, 8, 9, 10, 11, 12)) {
    const state = emptyState(defaultLimits);
    for (const event of events) apply(state, event);
    for (const agentId of Object.keys(state.agents)) {
      const [whole, own] = [emptyHistory(), emptyHistory()];
      for (const event of events) {
        remember(whole, agentId, event);
        if (agentsOf(event).includes(agentId)) remember(own, agentId, event);
      }
      expect(whole).toEqual(own);
      items += whole.items.length;
    }
  }
  expect(items).toBeGreaterThan(100);
});

/** What models are told, by what an agent is. */
const words = {
  pending: 'pending_init',
  queued: 'pending_init',
  running: 'running',
  waiting: 'running',
  interrupted: 'interrupted',
  closed: 'shutdown',
} as const;

/** Without whom exactly a turn waits for. */
const statuses = [
  'closed',
  'completed',
  'failed',
  'interrupted',
  'pending',
  'queued',
  'running',
  'waiting for a slot to go on',
  'waiting for a task binding',
  'waiting for its client',
  'waiting for its working directory',
  'waiting for mail',
  'waiting for the answer of a person',
];

test('[TU5] at every position, within a batch too, each agent has a status that an event up to there says', async () => {
  const seen = new Set<string>();
  // Until all there is has been seen, or for so long that it will not be.
  for (let seed = 10; seed < 150 && (seed < 18 || seen.size < statuses.length); seed += 1) {
    const [events] = (await logs(seed)) as [readonly HoldfastEvent[]];
    const state = emptyState(defaultLimits);
    for (const event of events) {
      apply(state, event);
      for (const agent of Object.values(state.agents)) {
        const { is, since, position, what } = statusOf(state, agent);
        const says = events[position - 1]!;
        expect(position).toBeLessThanOrEqual(event.position);
        expect(since).toBe(says.at);
        const wire = wireStatus(state, agent);
        if (is === 'completed') expect(wire).toEqual({ completed: what === '' ? null : what });
        else if (is === 'failed') expect(wire).toEqual({ errored: what });
        else expect(wire).toBe(words[is]);
        seen.add(is === 'waiting' ? `${is} for ${what!.replace(/ \(.*/, '')}` : is);
      }
    }
  }
  expect([...seen].sort()).toEqual(statuses);
});

test('tables are records like any other to whoever writes them down, and have no members but their own', () => {
  const [names, numbers] = [table<number>(), numbered<number>()];
  names.one = 1;
  numbers[1000] = 1;
  numbers[7] = 2;
  expect(JSON.stringify([names, numbers])).toBe('[{"one":1},{"7":2,"1000":1}]');
  expect(['constructor' in names, 'toString' in numbers]).toEqual([false, false]);
});
