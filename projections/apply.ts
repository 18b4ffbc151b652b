/**
 * The one place where state changes. `apply` mutates the draft it is given: a plain document in the engine and in
 * replay, an immer draft in `pages.ts`; both give the same (I13).
 */
import { definition, type EventType, eventTypes, type HoldfastEvent } from '../events/catalogue.ts';
import { agents } from './agents.ts';
import { fleet } from './fleet.ts';
import { mail } from './mail.ts';
import { processes } from './processes.ts';
import type { Reducers } from './reducers.ts';
import { residents } from './residents.ts';
import { slots } from './slots.ts';
import type { State } from './state.ts';
import { turns } from './turns.ts';

/** Each room writes its own part of the document and may read the parts of rooms after it, as they were before. */
const rooms: readonly Reducers[] = [fleet, slots, mail, processes, agents, turns, residents];

type Reduce = (draft: State, event: HoldfastEvent) => void;

const table = new Map<EventType, readonly Reduce[]>(
  eventTypes.map((type) => [type, rooms.flatMap((room) => (room[type] as Reduce | undefined) ?? [])]),
);
const endsStream = new Set(eventTypes.filter((type) => definition(type)!.endsStream));

export function apply(draft: State, event: HoldfastEvent): void {
  draft.position = event.position;
  draft.at = event.at;
  draft.epoch = event.epoch;
  if (endsStream.has(event.type)) delete draft.streams[event.stream];
  else draft.streams[event.stream] = event.streamVersion;
  for (const reduce of table.get(event.type)!) reduce(draft, event);
}
