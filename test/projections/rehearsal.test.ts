import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { policyOf } from '../../projections/policy.ts';
import { Rehearsal, type Step } from '../../projections/rehearsal.ts';

const given = { activeTurns: 3, residents: 64 };

/** A recorded history with something of everything. */
const golden: readonly HoldfastEvent[] = readFileSync(
  new URL('../../fixtures/golden/kernel.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .flatMap((line) => (line.startsWith('{"blob"') ? [] : [JSON.parse(line) as HoldfastEvent]));

function rehearsed(text: string, events: readonly HoldfastEvent[] = golden) {
  const steps: Step[] = [];
  const rehearsal = new Rehearsal(policyOf(text, given)!, (step) => steps.push(step));
  for (const event of events) rehearsal.apply(event);
  return { ...rehearsal.result(), steps };
}

const count = (...types: readonly string[]) => golden.filter(({ type }) => types.includes(type)).length;

test('the policies of other tools and our own numbers are read; what is neither is refused', () => {
  expect(policyOf('codex-v1', given)).toMatchObject({ name: 'codex-v1(max=6)', slots: 6, held: 'agent' });
  expect(policyOf('codex-v2(max=4)', given)).toMatchObject({ slots: 3, residents: 3, held: 'turn', memoryOf: 'tree' });
  expect(policyOf('slru,slots=5', given)).toMatchObject({ name: 'slots=5,residents=64,slru', memoryOf: 'all' });
  for (const text of [
    '',
    'slots',
    'slots=-1',
    'slots=1,slots=2',
    'lru,slru',
    'codex-v3',
    'codex-v1(max=x)',
    'toString',
  ])
    expect(policyOf(text, given), text).toBeUndefined();
});

test('what was is counted from the log, under any policy', () => {
  const recorded = { refusals: count('SlotRefused'), evictions: count('AgentEvicted') };
  expect(recorded.refusals).toBeGreaterThan(0);
  expect(recorded.evictions).toBeGreaterThan(0);
  for (const text of ['slots=1', 'codex-v1', 'residents=1,slru'])
    expect(rehearsed(text).recorded).toMatchObject(recorded);
});

test('[SL1] with room for all nothing is refused, evicted or loaded again but after a restart, and nothing is lost', () => {
  const { rehearsed: would, optimum, lostTurns, admitted } = rehearsed('slots=1000,residents=1000');
  expect([would.refusals, would.evictions, optimum.evictions, lostTurns]).toEqual([0, 0, 0, 0]);
  expect(admitted).toBe(count('SlotRefused'));
});

test('[SL1] without any slot no turn of a sub-agent runs, and each first one is refused', () => {
  const { rehearsed: would, steps, lostTurns } = rehearsed('slots=0');
  expect(lostTurns).toBeGreaterThan(0);
  expect(would).toMatchObject({ evictions: 0, reloads: 0, slotsMost: 0 });
  expect(new Set(steps.map(({ is }) => is))).toEqual(new Set(['refused']));
});

test('[I2, I3] slots never exceed the policy by more than turns that go on, and what is taken is given back', () => {
  for (const slots of [1, 2, 3, 1000]) {
    const { steps } = rehearsed(`slots=${slots}`);
    const unparked = count('TurnUnparked');
    let held = 0;
    for (const step of steps) {
      expect(step.held).toBeLessThanOrEqual(slots + unparked);
      held = step.held;
    }
    expect(held).toBeLessThanOrEqual(slots);
  }
});

test('an agent that holds its slot until it is closed keeps others out when it has long been done', () => {
  const byAgent = rehearsed('codex-v1(max=2)');
  const byTurn = rehearsed('slots=2');
  expect(byAgent.rehearsed.refusals).toBeGreaterThan(byTurn.rehearsed.refusals);
});

test('less memory never needs fewer loads at the optimum, and no order does better than it', () => {
  let before = Number.POSITIVE_INFINITY;
  for (const residents of [1, 2, 3, 5, 1000]) {
    const { optimum, rehearsed: would } = rehearsed(`slots=1000,residents=${residents},lru`);
    expect(optimum.reloads).toBeLessThanOrEqual(before);
    expect(would.reloads).toBeGreaterThanOrEqual(optimum.reloads);
    before = optimum.reloads;
  }
});

test('[SL1] a policy takes over the later changes of the limits that it does not name, and of no other', () => {
  const opened = golden.find(({ type }) => type === 'FleetOpened')!;
  const changed = (limits: object): HoldfastEvent =>
    ({ ...opened, type: 'LimitsChanged', data: { limits } }) as unknown as HoldfastEvent;
  const at = golden.findIndex(({ type }) => type === 'AgentSpawned');
  const after = (limits: object, text: string) => rehearsed(text, golden.toSpliced(at, 0, changed(limits)));
  const bare = ({ policy: _, ...rest }: ReturnType<typeof rehearsed>) => rest;
  for (const [limits, text, same] of [
    [{ activeTurns: 1 }, 'residents=64', 'slots=1,residents=64'],
    [{ activeTurns: 1 }, 'slots=2', 'slots=2'],
    [{ activeTurns: 1 }, 'codex-v2(max=4)', 'codex-v2(max=4)'],
    [{ residents: 1 }, 'slots=3,slru', 'slots=3,residents=1,slru'],
    [{ residents: 1 }, 'slots=3,residents=64', 'slots=3,residents=64'],
  ] as const)
    expect(bare(after(limits, text)), `${JSON.stringify(limits)} ${text}`).toEqual(bare(rehearsed(same)));
  expect(bare(after({ activeTurns: 1 }, 'residents=64'))).not.toEqual(bare(rehearsed('residents=64')));
});
