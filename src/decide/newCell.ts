/** What a new cell is made of: all that its script will ever see is decided here (CE9). */
import type { DataOf } from '../../events/catalogue.ts';
import type { CellPolicy } from '../../events/cell.ts';
import type { Agent, State } from '../../projections/state.ts';
import type { Context } from './decision.ts';

/** Tools as a cell is told of them. */
export type ToldTools = DataOf<'CellCreated'>['tools'];

interface Made {
  readonly source: string;
  readonly policy: CellPolicy;
  readonly tools: ToldTools;
}

export const newCell = (state: State, ctx: Context, agent: Agent, made: Made): DataOf<'CellCreated'> => ({
  cellId: String(state.fleet.nextCellId),
  agentId: agent.agentId,
  rootId: agent.rootId,
  policy: made.policy,
  source: made.source,
  tools: made.tools,
  seed: ctx.id(),
  ...(ctx.cellLimits && { limits: ctx.cellLimits }),
});
