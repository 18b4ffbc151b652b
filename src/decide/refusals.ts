/** Refusals that name the limit, its number, who holds what, and what would free one (SL5). */
import type { DataOf } from '../../events/catalogue.ts';
import { LimitRefused } from '../../events/fleet.ts';
import { SlotRefused } from '../../events/slot.ts';
import type { Agent, State } from '../../projections/state.ts';
import type { Context, Refusal } from './decision.ts';
import { treeOf } from './grant.ts';

type Holder = DataOf<'SlotRefused'>['holders'][number];

/** More are counted, not named: a refusal stays readable and small. */
const holdersNamedMax = 32;

const names = (holders: readonly Holder[], all: number): string => {
  const named = holders.slice(0, 5).map((h) => `${h.path} (since event ${h.since})`);
  return named.join(', ') + (all > named.length ? ` and ${all - named.length} more` : '');
};

/** No slot is free for a turn of `path`. */
export function slotRefusal(
  state: State,
  ctx: Context,
  tree: { readonly rootId: Agent['rootId'] },
  purpose: DataOf<'SlotRefused'>['purpose'],
  who: { readonly agentId?: Agent['agentId']; readonly path: string },
): Refusal {
  const number = state.fleet.limits.activeTurns;
  const { held, heldCount, queue } = treeOf(state, tree);
  const holders: Holder[] = [];
  for (const id in held) {
    if (holders.length === holdersNamedMax) break;
    const slot = held[id]!;
    holders.push({
      agentId: slot.agentId,
      path: state.agents[slot.agentId]!.path,
      reservationId: id,
      since: slot.position,
    });
  }
  const waiting = queue.size > 0 ? `; ${queue.size} accepted turns wait before it` : '';
  const wouldFree =
    number === 0
      ? 'the limit activeTurns is 0: only the operator can raise it'
      : 'the end of one of these turns (wait_agent, or interrupt_agent), or a higher activeTurns';
  const message =
    `agent thread limit reached: activeTurns is ${number} in this tree and ${heldCount} slots are held` +
    (heldCount > 0 ? ` by ${names(holders, heldCount)}` : '') +
    `${waiting}. What would free one: ${wouldFree}`;
  const refusalId = ctx.id();
  return {
    code: 'HOLDFAST_SLOTS_TAKEN',
    message,
    remedy: `wait for one of the turns to end, interrupt one, or raise activeTurns (\`holdfast why refusal ${refusalId}\`)`,
    details: { refusalId, limit: 'activeTurns', number, holders },
    facts: [
      SlotRefused({
        refusalId,
        rootId: tree.rootId,
        purpose,
        limit: 'activeTurns',
        number,
        holders,
        wouldFree,
        ...who,
      }),
    ],
  };
}

/** A limit other than slots: depth, processes. */
export function limitRefusal(
  ctx: Context,
  limit: DataOf<'LimitRefused'>['limit'],
  number: number,
  holders: Holder[],
  wouldFree: string,
  who: { readonly agentId: Agent['agentId']; readonly path: string },
): Refusal {
  const refusalId = ctx.id();
  const by = holders.length > 0 ? `, taken by ${names(holders, number)}` : '';
  return {
    code: 'HOLDFAST_LIMIT_REACHED',
    message: `limit ${limit} reached: ${number}${by}. What would free one: ${wouldFree}`,
    remedy: wouldFree,
    details: { refusalId, limit, number, holders },
    facts: [LimitRefused({ refusalId, limit, number, holders: holders.slice(0, holdersNamedMax), wouldFree, ...who })],
  };
}

export function processRefusal(state: State, ctx: Context, agent: Agent): Refusal | undefined {
  const { processes: number, onFull } = state.fleet.limits;
  if (onFull === 'prune' && number > 0) return undefined;
  if ((state.processes.count[agent.rootId] ?? 0) < number) return undefined;
  const holders: Holder[] = [];
  for (const owner in state.processes.live) {
    if (state.agents[owner]!.rootId !== agent.rootId) continue;
    for (const id in state.processes.live[owner]) {
      const process = state.processes.all[id]!;
      holders.push({
        agentId: process.agentId,
        path: state.agents[owner]!.path,
        processId: process.processId,
        since: process.position,
      });
    }
  }
  return limitRefusal(
    ctx,
    'processes',
    number,
    holders,
    'the end of one of these processes (stop_process; detached ones: clean), a higher limit `processes`, or onFull: prune',
    {
      agentId: agent.agentId,
      path: agent.path,
    },
  );
}

/** CE12: cells that have ended hold nothing. */
export function cellRefusal(state: State, ctx: Context, agent: Agent): Refusal | undefined {
  const number = state.fleet.limits.cells;
  if ((state.cells.count[agent.rootId] ?? 0) < number) return undefined;
  const holders: Holder[] = [];
  for (const owner in state.cells.live) {
    if (state.agents[owner]!.rootId !== agent.rootId) continue;
    for (const cellId in state.cells.live[owner]) {
      const { agentId, position } = state.cells.all[cellId]!;
      holders.push({ agentId, path: state.agents[owner]!.path, cellId, since: position });
    }
  }
  const wouldFree = 'the end of one of these cells (wait with terminate: true), or a higher limit `cells`';
  const { agentId, path } = agent;
  return limitRefusal(ctx, 'cells', number, holders, wouldFree, { agentId, path });
}
