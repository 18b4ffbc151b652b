/** I11, CE2, CE3, CE5–CE9, CE12: what may be recorded of a cell, and what has to be. */
import type { EventOf, HoldfastEvent } from '../../../events/catalogue.ts';
import type { KnownCell } from './cellPicture.ts';
import type { Checker } from './checker.ts';
import type { Picture } from './picture.ts';
import { holds } from './violation.ts';

export interface CellChecker extends Checker {
  /** A machine has taken all that it was given: the cell has really gone on. */
  readonly wentOn: (cellId: string) => void;
  /** A machine is given its n-th input (from 0). */
  readonly fed: (picture: Picture, cellId: string, n: number) => void;
}

export function cells(): CellChecker {
  const went = new Set<string>();
  /** exec calls by `turn/call`: the cell that they made. */
  const made = new Map<string, string>();
  return {
    wentOn: (cellId) => {
      went.add(cellId);
    },
    fed: (picture, cellId, n) => {
      const cell = picture.cells.get(cellId);
      const { position } = picture;
      holds(cell !== undefined, 'LO1', position, () => `cell ${cellId} runs, and its creation is not durable`);
      holds(n < cell.inputs, 'LO1', position, () => `cell ${cellId} is fed an input that is not durable`);
    },
    before: (picture, event) => {
      if (event.type === 'CellCreated') {
        const { cellId, turnId, callId } = event.data;
        holds(!picture.cells.has(cellId), 'CE6', event.position, () => `there is a cell ${cellId} already`);
        if (turnId !== undefined) made.set(`${turnId}/${callId}`, cellId);
      } else if (event.type === 'ToolCallEnded') cutOff(picture, made, event);
      else if (event.stream.startsWith('cell/')) ofCell(picture, went, event);
    },
    after: (picture, batch) => {
      for (const event of batch) {
        if (event.type === 'StoreCommitted') committed(batch, event);
        if (event.type === 'CellDrained') stopped(picture, batch, event);
        if (event.type === 'CellCreated') counted(picture, event);
      }
    },
  };
}

/** CE6, CE4: whoever is cut off is told how to come back, has read nothing, and a cell that is there is found. */
function cutOff(picture: Picture, made: ReadonlyMap<string, string>, event: EventOf<'ToolCallEnded'>): void {
  const { position, data } = event;
  const { turnId, callId, outcome, output, readCell, agentId } = data;
  const text = typeof output.text === 'string' ? output.text : '';
  const cellId = made.get(`${turnId}/${callId}`);
  const named = cellId === undefined || outcome !== 'cancelled' || text.includes(`cell ID ${cellId}`);
  holds(named, 'CE6', position, () => `nobody is told that cell ${cellId} goes on`);
  holds(
    outcome !== 'cancelled' || readCell === undefined,
    'CE4',
    position,
    () => `a call that was cut off has read cell ${readCell?.cellId}`,
  );
  const missing = /exec cell (\d+) not found/.exec(text)?.[1];
  const known = missing !== undefined && picture.agents.get(agentId)?.cells.has(missing) === true;
  holds(!known, 'CE4', position, () => `cell ${missing} is there, and its agent is told that it is not`);
}

function ofCell(picture: Picture, went: Set<string>, event: HoldfastEvent): void {
  const { position, type } = event;
  const { cellId } = event.data as { cellId: string };
  const cell = picture.cells.get(cellId);
  holds(cell !== undefined, 'CE1', position, () => `${type} of cell ${cellId}, which was never created`);
  holds(cell.ended === undefined, 'I11', position, () => `${type} of cell ${cellId}, which is ${cell.ended}`);
  switch (event.type) {
    case 'CellToolRequested':
      holds(!cell.calls.has(event.data.callId), 'CE8', position, () => `${event.data.callId} is requested twice`);
      return;
    case 'CellToolStarted':
    case 'CellToolEnded':
      holds(cell.calls.has(event.data.callId), 'CE8', position, () => `${event.data.callId} is not open`);
      return;
    case 'CellTimerFired':
      holds(cell.timers.has(event.data.timerId), 'CE9', position, () => `timer ${event.data.timerId} is not set`);
      return;
    case 'CellDrained':
      drained(cell, event);
      holds(event.data.offset === cell.offset, 'CE1', position, () => `${cell.offset} items were printed`);
      return;
    case 'FrontierReached':
      holds(cell.pausing, 'CE2', position, () => 'this cell goes on by itself');
      holds(
        event.data.generation === cell.generation + 1,
        'I11',
        position,
        () => `the last one was ${cell.generation}`,
      );
      holds(cell.frontier === undefined, 'I11', position, () => 'it stands at a frontier already');
      holds(cell.drains === cell.inputs + 1, 'CE3', position, () => 'something came in that was not applied');
      return;
    case 'ResumeRequested':
      holds(cell.frontier?.generation === event.data.generation, 'CE5', position, () => 'it does not stand there');
      went.delete(cellId);
      return;
    case 'FrontierResumed':
      holds(
        cell.frontier?.resuming === true && cell.frontier.generation === event.data.generation,
        'I11',
        position,
        () => `nobody has asked for a resume of generation ${event.data.generation}`,
      );
      holds(went.has(cellId), 'CE5', position, () => `cell ${cellId} has not gone on`);
      return;
    case 'CellCompleted':
    case 'CellTerminated':
    case 'CellLost':
      ended(cell, event);
      return;
    default:
  }
}

function drained(cell: KnownCell, { position, data: { drain, quiet = 0 } }: EventOf<'CellDrained'>): void {
  const next = cell.drains + quiet;
  holds(drain === next, 'CE9', position, () => `it is drain ${next}`);
  holds(next <= cell.inputs, 'CE9', position, () => 'nothing came in that it could be the drain of');
}

/** CE8, CE5: whatever a cell has asked for, or was asked for, has its end before its own. */
function ended(
  cell: KnownCell,
  event: EventOf<'CellCompleted'> | EventOf<'CellTerminated'> | EventOf<'CellLost'>,
): void {
  const { position } = event;
  holds(cell.calls.size === 0, 'CE8', position, () => `calls are open: ${[...cell.calls.keys()].join(', ')}`);
  if (event.type === 'CellTerminated') return;
  holds(cell.frontier === undefined || event.type === 'CellLost', 'CE5', position, () => 'it stands at a frontier');
  holds(cell.frontier?.resuming !== true, 'CE5', position, () => 'a resume has no answer');
}

/** CE7: with the end of a cell that has ended by itself, and not over what another has written since. */
function committed(batch: readonly HoldfastEvent[], { data, position }: EventOf<'StoreCommitted'>): void {
  const end = batch.find((e) => e.type === 'CellCompleted' && e.data.cellId === data.cellId);
  holds(end?.type === 'CellCompleted', 'CE7', position, () => `cell ${data.cellId} stores without having completed`);
  for (const key of Object.keys(data.writes))
    holds(!end.data.conflicts.includes(key), 'CE7', position, () => `${key} is in conflict and written`);
}

/** CE2: a pausing cell that has nothing left to apply stands at a frontier, and frontier 1 is there for everybody. */
function stopped(picture: Picture, batch: readonly HoldfastEvent[], { data, position }: EventOf<'CellDrained'>): void {
  const cell = picture.cells.get(data.cellId)!;
  const last = batch.findLast((e) => e.type === 'CellDrained' && e.data.cellId === data.cellId);
  if (!cell.pausing || cell.ended !== undefined || last?.position !== position || cell.drains <= cell.inputs) return;
  holds(cell.frontier !== undefined, 'CE2', position, () => `cell ${cell.id} has passed a frontier`);
}

function counted(picture: Picture, { data, position }: EventOf<'CellCreated'>): void {
  const live = [...picture.cells.values()].filter(
    (cell) => cell.ended === undefined && cell.agent.tree.rootId === data.rootId,
  );
  holds(live.length <= picture.cellsMax, 'CE12', position, () => `${live.length} cells live, ${picture.cellsMax} may`);
}
