/** Planted defects of cells: races of the peer (cells-and-processes.md §5), as this engine would have them. */
import type { Right } from 'fp-ts/lib/Either.js';
import type { HoldfastFact } from '../../../events/catalogue.ts';
import * as cellFacts from '../../../events/cell.ts';
import { StoreCommitted } from '../../../events/store.ts';
import { type Decided, type Decision, decided } from '../../decide/decision.ts';
import { firstOf, inDecisions, inFacts, nextCall, type Plant } from './plant.ts';

const hasFrontier = (facts: readonly HoldfastFact[]): boolean =>
  facts.some((fact) => fact.type === 'FrontierReached' && fact.data.generation === 1);

const startsProcess = (decision: Decision): decision is Right<Decided> =>
  decision._tag === 'Right' && firstOf(decision.right.facts, 'ProcessRequested') !== undefined;

export const cellPlants: Readonly<Record<string, Plant>> = {
  'C-1': inDecisions('a resume is told before the runtime has gone on', (real, state, ctx, command) => {
    const decision = real(state, ctx, command);
    const request =
      decision._tag === 'Right' ? decision.right.facts.find((fact) => fact.type === 'ResumeRequested') : undefined;
    if (decision._tag === 'Left' || request === undefined) return decision;
    const { cellId, agentId, generation } = request.data;
    return decided(
      [...decision.right.facts, cellFacts.FrontierResumed({ cellId, agentId, generation })],
      decision.right.answer,
    );
  }),
  'C-2': inFacts('a call of exec is cut off, and nobody knows the cell that it made', (facts) =>
    facts.map((fact) =>
      fact.type === 'ToolCallEnded' && fact.data.outcome === 'cancelled'
        ? { ...fact, data: { ...fact.data, output: { text: 'aborted' } } }
        : fact,
    ),
  ),
  'C-3': inFacts('the first frontier of a pausing cell is passed unseen', (facts) =>
    hasFrontier(facts) ? facts.filter((fact) => fact.type !== 'FrontierReached') : facts,
  ),
  'C-5': inFacts('output counts as read though whoever waited for it was gone', (facts, state) =>
    facts.map((fact) => {
      if (fact.type !== 'ToolCallEnded' || fact.data.outcome !== 'cancelled') return fact;
      const cellId = state.turns[fact.data.turnId]?.calls[fact.data.callId]?.cellId;
      const cell = cellId === undefined ? undefined : state.cells.all[cellId];
      if (cell === undefined) return fact;
      return { ...fact, data: { ...fact.data, readCell: { cellId: cell.cellId, to: cell.offset } } };
    }),
  ),
  'C-7': inDecisions('a look at a paused cell lets it go on', (real, state, ctx, command) => {
    const decision = real(state, ctx, command);
    if (command.do !== 'observeFrontier' || decision._tag === 'Left' || decision.right.facts.length === 0)
      return decision;
    const { agentId, cellId } = state.cells.all[command.cellId]!;
    const resumed = cellFacts.FrontierResumed({ cellId, agentId, generation: command.generation });
    return decided([...decision.right.facts, resumed], decision.right.answer);
  }),
  'C-9': inDecisions('a termination is told, and loses to the completion', (real, state, ctx, command) => {
    if (command.do !== 'terminateCell') return real(state, ctx, command);
    const decision = real(state, ctx, command);
    return decision._tag === 'Left' ? decision : decided([], decision.right.answer);
  }),
  'C-10': inFacts('what a terminated cell had stored is written after all', (facts) => {
    const end = facts.find((fact) => fact.type === 'CellTerminated');
    if (end === undefined) return facts;
    const { cellId, agentId } = end.data;
    return [...facts, StoreCommitted({ agentId, cellId, writes: { a: 'written after all' } })];
  }),
  'C-13': inDecisions('who waits for a terminated cell is told that there is none', (real, state, ctx, command) => {
    const call = command.do === 'carryOut' ? nextCall(state, command.turnId) : undefined;
    const cellId = call?.tool === 'wait' ? String(call.args.cell_id) : '';
    const cell = Object.hasOwn(state.cells.all, cellId) ? state.cells.all[cellId] : undefined;
    if (cell?.end?.how !== 'terminated') return real(state, ctx, command);
    const { [cellId]: _, ...others } = state.cells.all;
    return real({ ...state, cells: { ...state.cells, all: others } }, ctx, command);
  }),
  'C-20': {
    says: 'a key that is used again with another source gives the cell of the first',
    engine: () => ({
      asked: (command) => (command.do === 'createCell' ? { ...command, source: '' } : command),
    }),
  },
  'C-23': inDecisions(
    'nobody carries out the calls of a cell when the turn that made it is over',
    (real, state, ctx, command) => {
      const cell = command.do === 'carryOutCell' ? state.cells.all[command.cellId] : undefined;
      const over = cell?.madeBy !== undefined && state.turns[cell.madeBy.turnId] === undefined;
      return over ? decided([], {}) : real(state, ctx, command);
    },
  ),
  'calls-on-one-state': inDecisions(
    'two commands that a drain starts are decided on the state before both',
    (real, state, ctx, command) => {
      const first = real(state, ctx, command);
      if (command.do !== 'carryOutCell' || !startsProcess(first)) return first;
      const cell = state.cells.all[command.cellId]!;
      const all = { ...state.cells.all, [cell.cellId]: { ...cell, undecided: cell.undecided.slice(1, 2) } };
      const second = real({ ...state, cells: { ...state.cells, all } }, ctx, command);
      return startsProcess(second) ? decided([...first.right.facts, ...second.right.facts], {}) : first;
    },
  ),
  'quiet-results-forgotten': inFacts('results that change nothing are not counted', (facts) =>
    facts.map((fact) => {
      if (fact.type !== 'CellDrained') return fact;
      const { quiet: _, ...data } = fact.data;
      return { ...fact, data };
    }),
  ),
};
