/** What models have cost, by agent and by tree: it follows from what they say they have used and from the prices of the fleet. */
import type { Budget } from '../events/fleetFile.ts';
import type { Reducers } from './reducers.ts';
import type { State } from './state.ts';
import { table } from './table.ts';

export interface Spent {
  tokens: number;
  /** In the currency of the prices; 0 without them. */
  money: number;
}

/** In the state document; absent before anything was used or limited. */
export interface Spending {
  limits: Budget;
  /** Position of the newest change of them. */
  changed?: number;
  /** Root → all of its tree. */
  trees: Record<string, Spent>;
  agents: Record<string, Spent>;
  /** Agents whose last turn was ended by the budget. */
  stopped: Record<string, true>;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens?: number;
}

const million = 1e6;

export function costOf(state: State, model: string, { inputTokens, outputTokens, cachedTokens = 0 }: Usage): Spent {
  const { prices = {} } = state.fleet.file ?? {};
  const price = Object.hasOwn(prices, model) ? prices[model]! : { input: 0, output: 0 };
  const { input, output, cachedInput = input } = price;
  const money = ((inputTokens - cachedTokens) * input + cachedTokens * cachedInput + outputTokens * output) / million;
  return { tokens: inputTokens + outputTokens, money };
}

export const nothingSpent: Readonly<Spent> = { tokens: 0, money: 0 };

/** A limit that is reached: nothing more is asked of the agent's model. */
export interface Reached {
  readonly what: 'tokens' | 'money';
  readonly of: 'tree' | 'agent';
  readonly limit: number;
  readonly spent: number;
}

/** `limits`: those that are in force, unless others are asked about. */
export function budgetReached(
  { spending }: State,
  { agentId, rootId }: { readonly agentId: string; readonly rootId: string },
  limits: Budget | undefined = spending?.limits,
): Reached | undefined {
  if (spending === undefined || limits === undefined) return undefined;
  const { trees, agents } = spending;
  for (const what of ['tokens', 'money'] as const) {
    const sides = [
      { of: 'tree', limit: limits[what], spent: trees[rootId]?.[what] ?? 0 },
      { of: 'agent', limit: limits.perAgent?.[what], spent: agents[agentId]?.[what] ?? 0 },
    ] as const;
    for (const { of, limit, spent } of sides)
      if (limit !== undefined && spent >= limit) return { what, of, limit, spent };
  }
  return undefined;
}

const spendingOf = (draft: State): Spending =>
  (draft.spending ??= { limits: {}, trees: table(), agents: table(), stopped: table() });

function add(to: Record<string, Spent>, id: string, { tokens, money }: Spent): void {
  const spent = (to[id] ??= { ...nothingSpent });
  spent.tokens += tokens;
  spent.money += money;
}

interface Used {
  readonly data: { readonly agentId: string; readonly usage?: Usage };
}

function note(draft: State, { data: { agentId, usage } }: Used): void {
  if (usage === undefined || draft.fleet.origin !== 'own') return;
  const { model, rootId } = draft.agents[agentId]!;
  const cost = costOf(draft, model, usage);
  const spending = spendingOf(draft);
  add(spending.trees, rootId, cost);
  add(spending.agents, agentId, cost);
}

export const budget: Reducers = {
  FleetOpened: (draft, { data }) => {
    if (data.fleet.budget !== undefined) spendingOf(draft).limits = structuredClone(data.fleet.budget);
  },
  BudgetChanged: (draft, { data, position }) => {
    const spending = spendingOf(draft);
    spending.limits = structuredClone(data.budget);
    spending.changed = position;
  },
  ModelSampled: note,
  HistoryCompacted: note,
  LimitRefused: (draft, { data }) => {
    if (data.limit === 'budget' && data.agentId !== undefined) spendingOf(draft).stopped[data.agentId] = true;
  },
  TurnStarted: (draft, { data }) => {
    if (draft.spending !== undefined) delete draft.spending.stopped[data.agentId];
  },
  AgentClosed: (draft, { data }) => {
    if (draft.spending !== undefined) delete draft.spending.stopped[data.agentId];
  },
};
