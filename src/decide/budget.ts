/** Budgets: a sampling that would begin when nothing is left ends its turn, and whoever raises the budget lets it go on (BU2, BU3). */
import { BudgetChanged, LimitRefused } from '../../events/fleet.ts';
import type { Budget } from '../../events/fleetFile.ts';
import type { MailId } from '../../events/ids.ts';
import { MailAccepted } from '../../events/mail.ts';
import { budgetReached, type Reached } from '../../projections/budget.ts';
import type { State } from '../../projections/state.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, dropped, refused } from './decision.ts';
import { failure } from './ends.ts';
import { sampling } from './turn.ts';

/** Thousandths of a unit are more than anybody counts. */
const amount = (n: number): string => String(Math.round(n * 1000) / 1000);

function wayOut({ what, of, spent }: Reached): string {
  const option = `${of === 'tree' ? '' : 'agent-'}${what}`;
  return `a higher budget: \`holdfast budget --${option} N\` with N above ${amount(spent)} lets it go on`;
}

/** The turn asks its model, and nothing is left to ask it with. */
export function budgetSpent(state: State, ctx: Context, command: CommandOf<'budgetSpent'>): Decision {
  const turn = sampling(state, command);
  const reached = turn && budgetReached(state, turn);
  if (turn === undefined || reached === undefined) return dropped({ stale: true });
  const { agentId } = turn;
  const { path } = state.agents[agentId]!;
  const { what, of, limit, spent } = reached;
  const wouldFree = wayOut(reached);
  const whose = of === 'tree' ? 'all agents of this tree' : path;
  const text = `the budget is spent: ${amount(spent)} of ${amount(limit)} ${what} for ${whose}. What lets it go on: ${wouldFree}`;
  return decided(
    [
      LimitRefused({
        refusalId: ctx.id(),
        limit: 'budget',
        number: limit,
        holders: [],
        wouldFree,
        agentId,
        path,
        spending: { what, of, spent },
      }),
      ...failure(state, ctx, turn, text),
    ],
    {},
  );
}

export interface BudgetGiven {
  /** null: no limit any more. */
  readonly tokens?: number | null;
  readonly money?: number | null;
  readonly agentTokens?: number | null;
  readonly agentMoney?: number | null;
}

const bad = (message: string, remedy: string): Decision => refused('HOLDFAST_BAD_BUDGET', message, remedy);

const isAmount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** Undefined: it stays as it was. */
const limit = (given: number | null | undefined, before: number | undefined): number | undefined =>
  given === undefined ? before : (given ?? undefined);

const known = (budget: Budget): Budget =>
  Object.fromEntries(Object.entries(budget).filter(([, value]) => value !== undefined));

function changed(state: State, given: BudgetGiven): Budget {
  const { perAgent = {}, ...tree } = state.spending?.limits ?? {};
  const each = known({
    tokens: limit(given.agentTokens, perAgent.tokens),
    money: limit(given.agentMoney, perAgent.money),
  } as Budget);
  const whole = known({ tokens: limit(given.tokens, tree.tokens), money: limit(given.money, tree.money) } as Budget);
  return { ...whole, ...(Object.keys(each).length > 0 && { perAgent: each }) };
}

/** Models of the fleet without a price; money cannot be counted with them. */
export const unpriced = ({
  models = {},
  prices = {},
}: Pick<NonNullable<State['fleet']['file']>, 'models' | 'prices'>) =>
  Object.keys(models).filter((name) => !Object.hasOwn(prices, name));

/** What an agent reads that was stopped by its budget. */
const goOn = 'The budget was raised. Go on with your task.';

export function changeBudget(state: State, ctx: Context, { given }: CommandOf<'changeBudget'>): Decision {
  const values = Object.values(given);
  if (values.length === 0) return bad('no limit is named', 'give tokens or money, for the tree or for each agent');
  if (!values.every((value) => value === null || isAmount(value)))
    return bad('limits are numbers from 0 on', 'give a number, or `none` for no limit');
  const wholeTokens = [given.tokens, given.agentTokens].every(
    (n) => n === undefined || n === null || Number.isInteger(n),
  );
  if (!wholeTokens) return bad('tokens are whole numbers', 'give a whole number of tokens');
  const budget = changed(state, given);
  const missing = unpriced(state.fleet.file ?? {});
  if ((budget.money ?? budget.perAgent?.money) !== undefined && missing.length > 0)
    return bad(`there is no price for ${missing.join(', ')}`, 'money is counted by the `prices` of the fleet file');
  const free = Object.keys(state.spending?.stopped ?? {})
    .map((id) => state.agents[id]!)
    .filter((agent) => budgetReached(state, agent, budget) === undefined)
    .sort((a, b) => a.spawned - b.spawned);
  const letters = free.map(({ agentId }) =>
    MailAccepted({
      mailId: ctx.id<MailId>(),
      from: 'operator',
      to: agentId,
      kind: 'operator',
      trigger: true,
      text: goOn,
    }),
  );
  return decided([BudgetChanged({ budget }), ...letters], { budget, goOn: free.map(({ path }) => path) });
}
