/** What the raw events say of cells, in the plainest form; like the picture as a whole it judges nothing. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { KnownAgent, Picture } from './picture.ts';

export interface CellCall {
  readonly id: string;
  readonly tool: string;
  /** Decided, and still open. */
  started: boolean;
  until: number | undefined;
  processId: number | undefined;
}

export interface KnownCell {
  readonly id: string;
  readonly agent: KnownAgent;
  readonly pausing: boolean;
  readonly created: number;
  readonly calls: Map<string, CellCall>;
  readonly timers: Set<number>;
  inputs: number;
  drains: number;
  offset: number;
  generation: number;
  /** Where it stands. */
  frontier: { readonly generation: number; resuming: boolean } | undefined;
  ended: 'completed' | 'failed' | 'terminated' | 'lost' | undefined;
}

const paused = ({ frontier }: KnownCell): boolean => frontier !== undefined && !frontier.resuming;

const waits = ({ tool, started }: CellCall): boolean => tool === 'wait_agent' && started;

export function isBusy(cell: KnownCell): boolean {
  if (cell.ended !== undefined || paused(cell)) return false;
  if (cell.frontier !== undefined || cell.drains <= cell.inputs || cell.timers.size > 0) return true;
  return [...cell.calls.values()].some((call) => !waits(call));
}

export const hasWait = (cell: KnownCell): boolean => cell.ended === undefined && [...cell.calls.values()].some(waits);

export const onlyWaits = (cell: KnownCell): boolean => hasWait(cell) && !isBusy(cell) && !paused(cell);

const ends = { CellTerminated: 'terminated', CellLost: 'lost' } as const;

export function addCellEvent(picture: Picture, event: HoldfastEvent): void {
  if (event.type === 'CellCreated') {
    const { cellId, agentId, policy } = event.data;
    const agent = picture.agent(agentId);
    const cell: KnownCell = {
      id: cellId,
      agent,
      pausing: policy === 'PauseAtPendingFrontier',
      created: event.position,
      calls: new Map(),
      timers: new Set(),
      inputs: 0,
      drains: 0,
      offset: 0,
      generation: 0,
      frontier: undefined,
      ended: undefined,
    };
    agent.cells.set(cellId, cell);
    picture.cells.set(cellId, cell);
    return;
  }
  if (event.type === 'StoreCommitted') {
    for (const key of Object.keys(event.data.writes)) picture.agent(event.data.agentId).stored.set(key, event.position);
    return;
  }
  const cell = event.stream.startsWith('cell/')
    ? picture.cells.get((event.data as { cellId: string }).cellId)
    : undefined;
  if (cell === undefined) return;
  switch (event.type) {
    case 'CellToolRequested': {
      const { callId, tool } = event.data;
      cell.calls.set(callId, { id: callId, tool, started: false, until: undefined, processId: undefined });
      return;
    }
    case 'CellToolStarted': {
      const call = cell.calls.get(event.data.callId)!;
      call.started = true;
      call.until = event.data.until;
      call.processId = event.data.processId;
      return;
    }
    case 'CellToolEnded': {
      const call = cell.calls.get(event.data.callId);
      cell.calls.delete(event.data.callId);
      cell.inputs += 1;
      if (call?.tool === 'wait_agent' && event.data.outcome === 'ok') cell.agent.told = event.position;
      return;
    }
    case 'CellTimerFired':
      cell.timers.delete(event.data.timerId);
      cell.inputs += 1;
      return;
    case 'CellOutput':
      cell.offset = event.data.offset;
      return;
    case 'CellDrained':
      cell.drains += 1 + (event.data.quiet ?? 0);
      for (const { timerId } of event.data.timers) cell.timers.add(timerId);
      for (const timerId of event.data.clearedTimers) cell.timers.delete(timerId);
      return;
    case 'FrontierReached':
      cell.generation = event.data.generation;
      cell.frontier = { generation: event.data.generation, resuming: false };
      return;
    case 'ResumeRequested':
      if (cell.frontier !== undefined) cell.frontier.resuming = true;
      return;
    case 'FrontierResumed':
      cell.frontier = undefined;
      return;
    case 'ResumeFailed':
      if (cell.frontier !== undefined) cell.frontier.resuming = false;
      return;
    case 'CellCompleted':
      cell.ended = event.data.error === undefined ? 'completed' : 'failed';
      return;
    case 'CellTerminated':
    case 'CellLost':
      cell.ended = ends[event.type];
      return;
    default:
  }
}
