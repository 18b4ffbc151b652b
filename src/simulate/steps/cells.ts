/** What operators do with cells, and what befalls the machines that run them. */
import { type CallStep, type CellStep, cellSource } from '../cellScript.ts';
import type { Random } from '../random.ts';
import type { Step } from './kinds.ts';
import { asking, happening } from './step.ts';
import { drawTarget } from './targets.ts';

export interface OfCell {
  readonly cellId: string;
}

/** Most cells of a history are among the first. */
const drawId = (r: Random): OfCell => ({
  cellId: r.chance(3) ? r.pick(['', '__proto__', '99']) : String(1 + Math.min(r.below(6), r.below(6))),
});

/** Calls that need nothing that may not be there. */
const call = (r: Random): CallStep =>
  r.pick<CallStep>([
    { call: 'list_agents' },
    {
      call: 'exec_command',
      args: { cmd: r.pick(['true', 'make', 'sleep 9']), yield_time_ms: 30_000 },
      caught: true as const,
    },
    { call: 'wait_agent', args: { timeout_ms: 500 }, caught: true as const },
  ]);

const drawSource = (r: Random): string =>
  cellSource(
    { text: 'a' },
    { store: 'a', value: r.below(9) },
    r.chance(50) ? call(r) : { all: [call(r), call(r)] },
    r.pick<CellStep>([{ yield: true as const }, { sleep: 20 }, { text: 'b' }]),
    r.pick<CellStep>([{ text: 'c' }, call(r), { never: true as const }]),
  );

export interface CreateCell {
  readonly target: string;
  readonly source: string;
  readonly pausing: boolean;
}

export const cellSteps = {
  createCell: asking<CreateCell>({
    weight: 16,
    without: 30,
    draw: (r) => ({ target: drawTarget(r), source: drawSource(r), pausing: r.chance(60) }),
    says: ({ target, source, pausing }) => `${pausing ? 'pausing ' : ''}cell for ${target}: ${source}`,
    command: ({ target, source, pausing }, idOf) => ({
      do: 'createCell',
      target: idOf(target),
      source,
      policy: pausing ? 'PauseAtPendingFrontier' : 'ContinueWhenUnblocked',
    }),
  }),
  resumeCell: asking<OfCell & { readonly generation: number }>({
    weight: 20,
    without: 30,
    draw: (r) => ({ ...drawId(r), generation: r.chance(4) ? r.pick([0, -1, 9]) : r.chance(60) ? 1 : r.between(2, 4) }),
    says: ({ cellId, generation }) => `resume cell ${cellId} from ${generation}`,
    command: ({ cellId, generation }) => ({ do: 'resumeCell', cellId, generation }),
  }),
  terminateCell: asking<OfCell>({
    weight: 4,
    without: 40,
    draw: drawId,
    says: ({ cellId }) => `terminate cell ${cellId}`,
    command: ({ cellId }) => ({ do: 'terminateCell', cellId }),
  }),
  observeCell: happening<OfCell & { readonly waitMs: number; readonly reader?: string }>({
    weight: 8,
    without: 40,
    draw: (r) => ({
      ...drawId(r),
      waitMs: r.pick([0, 100, 5_000]),
      ...(r.chance(80) && { reader: r.pick(['me', 'you']) }),
    }),
    says: ({ cellId, waitMs }) => `look at cell ${cellId} for ${waitMs} ms`,
    happen: (driver, { cellId, waitMs, reader }) => driver.observe(cellId, waitMs, reader),
  }),
  killMachine: happening<OfCell>({
    weight: 5,
    without: 50,
    often: { percent: 20, times: 4 },
    draw: drawId,
    says: ({ cellId }) => `kill the machine of cell ${cellId}`,
    happen: ({ world }, { cellId }) => {
      world.killMachine(cellId);
    },
  }),
};

/** Somebody has no patience with a cell. */
export const drawImpatience = (r: Random): Step =>
  ({ after: r.between(2, 12), do: 'terminateCell', ...cellSteps.terminateCell.draw(r) }) as Step;
