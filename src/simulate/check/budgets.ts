/** BU1–BU3: what was spent is what models say they have used, no model is asked when nothing is left, and more money wakes up who was stopped. */
import type { EventOf, HoldfastEvent } from '../../../events/catalogue.ts';
import type { Budget, Price } from '../../../events/fleetFile.ts';
import type { Checker } from './checker.ts';
import type { KnownAgent, Picture } from './picture.ts';
import { holds } from './violation.ts';

export interface BudgetChecker extends Checker {
  /** A model is asked. */
  readonly sampled: (picture: Picture, agent: KnownAgent) => void;
}

interface Spent {
  tokens: number;
  money: number;
}

/** Sums of prices come out a little differently in another order. */
const grain = 1e-9;

export function budgets(): BudgetChecker {
  let limits: Budget = {};
  let prices: Readonly<Record<string, Price>> = {};
  const models = new Map<string, string>();
  /** By agent, and by root for its tree. */
  const agents = new Map<string, Spent>();
  const trees = new Map<string, Spent>();
  const stopped = new Set<KnownAgent>();
  /** Stopped when the budget was changed in this batch. */
  let waiting: KnownAgent[] = [];

  const spent = (of: Map<string, Spent>, id: string): Spent => of.get(id) ?? { tokens: 0, money: 0 };

  /** By how much the tightest limit is exceeded; negative: so much is left. */
  const beyond = ({ id, tree }: KnownAgent): number => {
    const over = (['tokens', 'money'] as const).flatMap((what) => {
      const [all, own] = [spent(trees, tree.rootId)[what], spent(agents, id)[what]];
      const { [what]: limit = Number.POSITIVE_INFINITY, perAgent = {} } = limits;
      const beyond = Math.max(all - limit, own - (perAgent[what] ?? Number.POSITIVE_INFINITY));
      return what === 'money' ? beyond - grain : beyond;
    });
    return Math.max(...over);
  };

  const use = (picture: Picture, { data }: EventOf<'ModelSampled'> | EventOf<'HistoryCompacted'>): void => {
    const { agentId, usage } = data;
    if (usage === undefined) return;
    const { inputTokens, outputTokens, cachedTokens = 0 } = usage;
    const price = prices[models.get(agentId)!] ?? { input: 0, output: 0 };
    const dear = (inputTokens - cachedTokens) * price.input + outputTokens * price.output;
    const money = (dear + cachedTokens * (price.cachedInput ?? price.input)) / 1e6;
    const { rootId } = picture.agent(agentId).tree;
    for (const [of, id] of [
      [agents, agentId],
      [trees, rootId],
    ] as const) {
      const before = spent(of, id);
      of.set(id, { tokens: before.tokens + inputTokens + outputTokens, money: before.money + money });
    }
  };

  /** BU2: the numbers of the refusal are so. */
  const stop = (picture: Picture, { position, data }: EventOf<'LimitRefused'>): void => {
    if (data.limit !== 'budget') return;
    const { spending, number, agentId } = data;
    const agent = picture.agent(agentId!);
    holds(beyond(agent) >= -2 * grain, 'BU2', position, () => `${agent.path} is stopped, and not all is spent`);
    const { what, of, spent: said } = spending!;
    const is = of === 'tree' ? spent(trees, agent.tree.rootId)[what] : spent(agents, agent.id)[what];
    holds(Math.abs(is - said) < grain, 'BU1', position, () => `${said} ${what} are said to be spent, it is ${is}`);
    const limit = of === 'tree' ? limits[what] : limits.perAgent?.[what];
    holds(number === limit, 'BU2', position, () => `the limit is ${limit}, not ${number}`);
    stopped.add(agent);
  };

  const before = (picture: Picture, event: HoldfastEvent): void => {
    switch (event.type) {
      case 'FleetOpened':
        limits = event.data.fleet.budget ?? {};
        prices = event.data.fleet.prices ?? {};
        return;
      case 'BudgetChanged':
        limits = event.data.budget;
        waiting = [...stopped];
        return;
      case 'AgentSpawned':
        models.set(event.data.agentId, event.data.model);
        return;
      case 'ModelSampled':
      case 'HistoryCompacted':
        use(picture, event);
        return;
      case 'LimitRefused':
        stop(picture, event);
        return;
      case 'TurnStarted':
      case 'AgentClosed':
        stopped.delete(picture.agent(event.data.agentId));
        return;
      default:
    }
  };

  return {
    before,
    after: ({ position }, batch) => {
      for (const agent of waiting) {
        const told = batch.some((e) => e.type === 'MailAccepted' && e.data.to === agent.id && e.data.trigger);
        holds(told || beyond(agent) >= -2 * grain, 'BU3', position, () => `${agent.path} may go on, and is not told`);
      }
      waiting = [];
    },
    sampled: ({ position }, agent) => {
      const over = beyond(agent);
      holds(over < 0, 'BU2', position, () => `the model of ${agent.path} is asked, ${over} beyond a limit`);
    },
  };
}
