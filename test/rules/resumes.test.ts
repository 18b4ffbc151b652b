/** Resumes of a pausing cell on paper: asked for once, carried out or failed once, and never in doubt (CE5). */
import { expect, test } from 'vitest';
import { fleet, type PaperFleet, type Then, types } from './given.ts';

const nothing = { calls: [], timers: [], clearedTimers: [], items: [], offset: 0, yields: [], notices: [] };

/** A cell that stands at generation 1 for a command. */
function paused(): PaperFleet {
  const f = fleet();
  f.ask({ do: 'createCell', target: '/root', source: 'x', policy: 'PauseAtPendingFrontier' });
  const calls = [{ callId: 'tool-1', tool: 'exec_command', args: { cmd: 'make' } }];
  const drains = [{ ...nothing, calls, pending: { calls: ['tool-1'] } }];
  f.ask({ do: 'cellDrained', cellId: '1', from: 0, drains }, 'engine');
  return f;
}

const resume = (f: PaperFleet, generation: number): Then => f.ask({ do: 'resumeCell', cellId: '1', generation });
const fails = (f: PaperFleet, generation: number): Then =>
  f.ask({ do: 'resumeFailed', cellId: '1', generation, reason: 'no sandbox' }, 'engine');

test('[CE5] a resume that failed leaves the cell at its frontier, to be resumed again', () => {
  const f = paused();
  expect(f.of('FrontierReached').map(({ data }) => data.generation)).toEqual([1]);
  expect(types(resume(f, 1))).toEqual(['ResumeRequested']);
  expect(types(fails(f, 1))).toEqual(['ResumeFailed']);
  expect(f.state.cells.all['1']!.frontier).toMatchObject({ generation: 1 });
  expect(f.state.cells.all['1']!.frontier!.resume).toBeUndefined();
  expect(resume(f, 1)).toMatchObject({ answer: { outcome: 'requested' } });
});

test('[CE5] who asks while a resume is under way is told its outcome, and asks for none', () => {
  const f = paused();
  resume(f, 1);
  expect(resume(f, 1)).toMatchObject({ events: [], answer: { outcome: 'pending' } });
});

test('[CE5] a failure of a resume that nobody asked for, or of another generation, changes nothing', () => {
  const f = paused();
  expect(fails(f, 1).events).toEqual([]);
  resume(f, 1);
  expect(fails(f, 2).events).toEqual([]);
  f.ask({ do: 'terminateCell', cellId: '1' });
  expect(fails(f, 1).events).toEqual([]);
});

test('[CE5] a cell that has ended at its frontier is not resumed, and says how it ended', () => {
  const f = paused();
  f.ask({ do: 'terminateCell', cellId: '1' });
  expect(resume(f, 1).refusal).toMatchObject({ code: 'HOLDFAST_CELL_ENDED', details: { generation: 1 } });
});

test('[CE2] a cell that never pauses, and one that is not there, are told apart', () => {
  const f = fleet();
  f.ask({ do: 'createCell', target: '/root', source: 'x', policy: 'ContinueWhenUnblocked' });
  expect(resume(f, 1).refusal?.code).toBe('HOLDFAST_CELL_NOT_PAUSING');
  expect(f.ask({ do: 'resumeCell', cellId: 'constructor', generation: 1 }).refusal?.code).toBe(
    'HOLDFAST_CELL_NOT_FOUND',
  );
});

test('[CE4] a reader is recorded once for each frontier that it was given', () => {
  const f = paused();
  const looks = (reader: string, generation = 1): Then =>
    f.ask({ do: 'observeFrontier', cellId: '1', generation, reader }, 'engine');
  expect(types(looks('a'))).toEqual(['FrontierObserved']);
  expect(looks('a').events).toEqual([]);
  expect(types(looks('b'))).toEqual(['FrontierObserved']);
  expect(looks('c', 2).events).toEqual([]);
  expect(looks('toString').events).toHaveLength(1);
});

test('[CE1] a cell is created with known tools and some source, or not at all', () => {
  const f = fleet();
  const { position } = f;
  const create = (source: string, tools?: readonly string[]): Then =>
    f.ask({ do: 'createCell', target: '/root', source, policy: 'ContinueWhenUnblocked', ...(tools && { tools }) });
  expect(create('x', ['no_such_tool']).refusal?.code).toBe('HOLDFAST_UNKNOWN_TOOL');
  expect(create(' \n').refusal?.code).toBe('HOLDFAST_CELL_EMPTY');
  expect(f.position).toBe(position);
  expect(create('x', ['list_agents']).answer).toMatchObject({ cellId: '1', path: '/root' });
});
