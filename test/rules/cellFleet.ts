/** Words for tests of cells: what is recorded of one, and what a reader sees of it. */
import type { EventOf, EventType, HoldfastEvent } from '../../events/catalogue.ts';
import type { Cell } from '../../projections/state.ts';
import type { Observing } from '../../src/engine/cellDoor.ts';
import type { CellView } from '../../src/engine/cellOutput.ts';
import type { Living } from './living.ts';

/** Everything about a cell, its processes and its mail aside. */
export const ofCell = (l: Living, cellId: string): HoldfastEvent[] =>
  l.events.filter((e) => e.stream === `cell/${cellId}`);

export const typesOf = (l: Living, cellId: string): string[] => ofCell(l, cellId).map((e) => e.type);

export const eventsOf = <K extends EventType>(l: Living, type: K): EventOf<K>[] =>
  l.events.filter((e): e is EventOf<K> & HoldfastEvent => e.type === type);

export const cellOf = (l: Living, cellId: string): Cell => l.life.state.cells.all[cellId]!;

export async function observe(l: Living, cellId: string, options: Observing = {}): Promise<CellView> {
  const answer = await l.life.cells.door.observe(cellId, options);
  if (!answer.ok) throw new Error(answer.refusal.message);
  return answer.answer;
}

export const texts = ({ items }: Pick<CellView, 'items'>): unknown[] =>
  items.map((item) => ('text' in item ? item.text : item.imageUrl));

/** What a whole reading of a cell gives. */
export const printed = async (l: Living, cellId: string): Promise<unknown[]> =>
  texts(await observe(l, cellId, { from: 0, mode: 'frontier' }));

/** The outcome of a resume, or the code of its refusal. */
export async function resume(l: Living, cellId: string, generation: number): Promise<string> {
  const answer = await l.life.cells.door.resume(cellId, generation);
  return answer.ok ? answer.answer.outcome : answer.refusal.code;
}

export const terminate = (l: Living, cellId: string) =>
  l.life.engine.submit<{ outcome: string; end: string }>({ do: 'terminateCell', cellId }, { by: 'operator' });

/** What the model of an agent read as the result of a call. */
export const resultOf = (l: Living, callId: string) =>
  eventsOf(l, 'ToolCallEnded').findLast((e) => e.data.callId === callId)?.data;

/** Ends of a cell's calls, as `tool-1 ok`. */
export const callEnds = (l: Living, cellId: string): string[] =>
  eventsOf(l, 'CellToolEnded').flatMap((e) => (e.data.cellId === cellId ? [`${e.data.callId} ${e.data.outcome}`] : []));
