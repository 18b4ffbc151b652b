/** Frontiers of a pausing cell: looked at by any number of readers, gone on from once (CE4, CE5). */
import * as facts from '../../events/cell.ts';
import type { State } from '../../projections/state.ts';
import { cellMissing } from './cell.ts';
import { liveCell } from './cellEnds.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, dropped, refused } from './decision.ts';

export function observeFrontier(state: State, _ctx: Context, command: CommandOf<'observeFrontier'>): Decision {
  const { cellId, generation, reader } = command;
  const cell = liveCell(state, cellId);
  const frontier = cell?.frontier;
  if (cell === undefined || frontier?.generation !== generation || Object.hasOwn(frontier.observedBy, reader))
    return dropped({ known: true });
  return decided([facts.FrontierObserved({ cellId, agentId: cell.agentId, generation, observedBy: reader })], {});
}

/** `requested`: this one carries it out; `pending`: an earlier one does, and its outcome is this one's. */
export function resumeCell(state: State, ctx: Context, { cellId, generation }: CommandOf<'resumeCell'>): Decision {
  const cell = Object.hasOwn(state.cells.all, cellId) ? state.cells.all[cellId] : undefined;
  if (cell === undefined) return cellMissing(cellId);
  if (cell.policy !== 'PauseAtPendingFrontier') {
    const remedy = 'nothing has to be done: this cell goes on by itself (`cell run --pause` makes one that does not)';
    return refused('HOLDFAST_CELL_NOT_PAUSING', `exec cell ${cellId} never pauses`, remedy, { details: { cellId } });
  }
  const latest = cell.generation;
  if (generation > latest || generation < 1) {
    const message = `exec cell ${cellId} cannot resume generation ${generation}; latest generation is ${latest === 0 ? 'none' : latest}`;
    return refused('HOLDFAST_CELL_GENERATION', message, 'observe the cell and resume the generation that it is at', {
      details: { cellId, requested: generation, latest: latest === 0 ? null : latest },
    });
  }
  if (generation < latest || (cell.frontier === undefined && cell.end === undefined))
    return decided([], { cellId, generation, outcome: 'already-running' });
  if (cell.end !== undefined) {
    return refused(
      'HOLDFAST_CELL_ENDED',
      `exec cell ${cellId} has ended: ${cell.end.how}`,
      'its frontier and output can still be observed',
      {
        details: { cellId, end: cell.end.how, generation: latest },
      },
    );
  }
  if (cell.frontier!.resume !== undefined) return decided([], { cellId, generation, outcome: 'pending' });
  return decided([facts.ResumeRequested({ cellId, agentId: cell.agentId, generation, requestedBy: ctx.by })], {
    cellId,
    generation,
    outcome: 'requested',
  });
}

export function resumeFailed(state: State, _ctx: Context, command: CommandOf<'resumeFailed'>): Decision {
  const { cellId, generation, reason } = command;
  const cell = liveCell(state, cellId);
  if (cell?.frontier?.generation !== generation || cell.frontier.resume === undefined) return dropped({ stale: true });
  return decided([facts.ResumeFailed({ cellId, agentId: cell.agentId, generation, reason })], {});
}
