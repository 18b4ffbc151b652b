/** Budgets: what was spent, what a spent budget does, and what raising it does (BU1–BU4). */
import { expect, test } from 'vitest';
import type { Budget } from '../../events/fleetFile.ts';
import { budgetReached } from '../../projections/budget.ts';
import type { BudgetGiven } from '../../src/decide/budget.ts';
import { checkFleet } from '../../src/fleetFile.ts';
import { fleet, of, type PaperFleet, type Then, types } from './given.ts';

const prices = { script: { input: 2, cachedInput: 0.5, output: 10 } };
const limited = (budget: Budget): PaperFleet => fleet({ budget, prices, limits: { activeTurns: 2 } });

/** A sampling with calls that end at once: the turn goes on. */
function uses(f: PaperFleet, path: string, inputTokens: number, outputTokens: number, more: object = {}): Then {
  const { turnId } = f.turn(path);
  const n = f.agent(path).samplings + 1;
  const items = [{ call: 'list_agents', id: `u${n}`, args: {} }];
  return f.ask({ do: 'sampled', turnId, n, items, usage: { inputTokens, outputTokens, ...more } }, f.by(path));
}

const stops = (f: PaperFleet, path: string): Then =>
  f.ask({ do: 'budgetSpent', turnId: f.turn(path).turnId, n: f.agent(path).samplings + 1 }, 'engine');

const raise = (f: PaperFleet, given: BudgetGiven): Then => f.ask({ do: 'changeBudget', given });

test('[BU1] what models use is counted for the agent and for its tree, cached input by its own price', () => {
  const f = limited({ tokens: 1_000_000 });
  f.spawn('/root', 'a');
  uses(f, '/root', 1000, 100);
  uses(f, '/root/a', 1000, 100, { cachedTokens: 400 });
  const { trees, agents } = f.state.spending!;
  expect(agents[f.id('/root')]).toEqual({ tokens: 1100, money: 0.003 });
  expect(agents[f.id('/root/a')]!.money).toBeCloseTo(0.0024, 12);
  expect(trees[f.id('/root')]!.tokens).toBe(2200);
  expect(trees[f.id('/root')]!.money).toBeCloseTo(0.0054, 12);
});

test.each([
  [{ tokens: 1000 }, 'tokens', 'tree', 1000, '--tokens'],
  [{ money: 0.002 }, 'money', 'tree', 0.002, '--money'],
  [{ perAgent: { tokens: 500 } }, 'tokens', 'agent', 500, '--agent-tokens'],
  [{ perAgent: { money: 0.001 } }, 'money', 'agent', 0.001, '--agent-money'],
] as const)('[BU2] with %j a turn that would ask its model again fails, with the numbers and the way out', (...row) => {
  const [budget, what, whose, limit, option] = row;
  const f = limited(budget);
  expect(stops(f, '/root').events).toEqual([]);
  uses(f, '/root', 900, 100);
  const then = stops(f, '/root');
  expect(types(then)).toEqual(['LimitRefused', 'TurnFailed']);
  expect(of(then, 'LimitRefused')[0]!.data).toMatchObject({
    limit: 'budget',
    number: limit,
    path: '/root',
    spending: { what, of: whose },
  });
  expect(of(then, 'TurnFailed')[0]!.data.error).toContain(`holdfast budget ${option} N`);
});

test('[BU2] sub-agents count to their root, each tree for itself, and their parent is told', () => {
  const f = fleet({
    budget: { tokens: 100 },
    roots: [
      { name: 'x', prompt: '1' },
      { name: 'y', prompt: '2' },
    ],
  });
  f.spawn('x:/root', 'a');
  uses(f, 'x:/root/a', 90, 10);
  expect(budgetReached(f.state, f.agent('x:/root'))).toMatchObject({ of: 'tree', limit: 100, spent: 100 });
  expect(budgetReached(f.state, f.agent('y:/root'))).toBeUndefined();
  const then = stops(f, 'x:/root/a');
  expect(types(then)).toEqual(['LimitRefused', 'TurnFailed', 'MailAccepted', 'SlotReleased']);
  expect(f.unread('x:/root')[0]).toContain('the budget is spent: 100 of 100 tokens for all agents of this tree');
});

test('[BU2] the next list of a script is the one that was not asked for', () => {
  const f = limited({ tokens: 10 });
  uses(f, '/root', 10, 0);
  stops(f, '/root');
  expect(f.agent('/root').samplings).toBe(1);
});

test('[BU3] raising it lets whoever was stopped and may go on go on, and nobody else', () => {
  const f = limited({ tokens: 100, perAgent: { tokens: 1000 } });
  f.spawn('/root', 'a');
  f.spawn('/root', 'b');
  uses(f, '/root/a', 900, 100);
  for (const path of ['/root/a', '/root/b', '/root']) stops(f, path);
  const then = raise(f, { tokens: 5000 });
  expect(then.answer).toEqual({ budget: { tokens: 5000, perAgent: { tokens: 1000 } }, goOn: ['/root', '/root/b'] });
  expect([f.runs('/root'), f.runs('/root/a'), f.runs('/root/b')]).toEqual([true, false, true]);
  expect(raise(f, { agentTokens: null }).answer).toEqual({ budget: { tokens: 5000 }, goOn: ['/root/a'] });
  expect(raise(f, { money: 3 }).answer).toEqual({ budget: { tokens: 5000, money: 3 }, goOn: [] });
});

test('[BU3] a raise survives a crash, and what was spent does', () => {
  const f = limited({ tokens: 100 });
  uses(f, '/root', 90, 10);
  raise(f, { tokens: 200 });
  f.crash();
  expect(f.state.spending).toMatchObject({ limits: { tokens: 200 }, trees: { [f.id('/root')]: { tokens: 100 } } });
  expect(stops(f, '/root').events).toEqual([]);
});

test.each([[{}], [{ tokens: -1 }], [{ tokens: 1.5 }], [{ money: Number.NaN }], [{ agentTokens: '7' }]])(
  '[BU3] %j is no budget: it is refused, and nothing is recorded',
  (given) => {
    const { refusal, events } = raise(limited({}), given as BudgetGiven);
    expect([refusal?.code, events]).toEqual(['HOLDFAST_BAD_BUDGET', []]);
  },
);

test('[BU4] a limit on money needs a price for each model, in the file and later', () => {
  const models = { script: { kind: 'script' }, other: { kind: 'script' } };
  const file = { models, roots: [{ prompt: 'x', model: 'script' }], prices };
  for (const budget of [{ money: 1 }, { perAgent: { money: 1 } }])
    expect(() => checkFleet({ ...file, budget }, 'fleet.json')).toThrow(
      /\$\.prices\.other: expected the price of a model/,
    );
  expect(() => checkFleet({ ...file, prices: { strange: prices.script } }, 'f')).toThrow(/\$\.prices\.strange/);
  expect(checkFleet({ ...file, budget: { tokens: 1 } }, 'f').budget).toEqual({ tokens: 1 });
  expect(raise(fleet(), { money: 1 }).refusal?.message).toBe('there is no price for script');
});
