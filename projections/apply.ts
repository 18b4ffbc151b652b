/**
 * The one place where state changes. `apply` mutates the draft it is given: a plain document in the engine and in
 * replay, an immer draft in `pages.ts`; both give the same (I13).
 */
import { definition, type EventType, eventTypes, type HoldfastEvent } from '../events/catalogue.ts';
import { activity } from './activity.ts';
import { agents } from './agents.ts';
import { approvals, askedCalls } from './approvals.ts';
import { budget } from './budget.ts';
import { cells } from './cells.ts';
import { fleet } from './fleet.ts';
import { identities } from './identities.ts';
import { mail } from './mail.ts';
import { processes } from './processes.ts';
import type { Reducers } from './reducers.ts';
import { residents } from './residents.ts';
import { slots } from './slots.ts';
import { noteSource, sources } from './sources.ts';
import type { State } from './state.ts';
import { numbered } from './table.ts';
import { taskBindings } from './taskBindings.ts';
import { turns } from './turns.ts';
import { workspaces } from './workspaces.ts';

/**
 * Each room writes its own part of the document and may read the parts of rooms after it, as they were before; `residents` and
 * `activity` read the others as they are after.
 */
const parts: readonly Reducers[] = [
  fleet,
  approvals,
  slots,
  mail,
  processes,
  agents,
  cells,
  turns,
  askedCalls,
  residents,
  activity,
];
const rooms: readonly Reducers[] = [...parts, budget, workspaces, identities, taskBindings, sources];

type Reduce = (draft: State, event: HoldfastEvent) => void;

interface Way {
  readonly kind: string;
  readonly id: (data: never) => string | number;
  readonly endsStream: boolean;
  readonly reduce: readonly Reduce[];
}

const ways = new Map<EventType, Way>(
  eventTypes.map((type) => {
    const { aggregate, endsStream } = definition(type)!;
    return [
      type,
      { ...aggregate, endsStream, reduce: rooms.flatMap((room) => (room[type] as Reduce | undefined) ?? []) },
    ];
  }),
);

/** Version of an aggregate's newest event; 0 when it has none, or has ended. */
export function versionIn(state: State, kind: string, id: string | number): number {
  if (kind === 'agent') return state.agents[id]?.version ?? 0;
  if (kind === 'mail') return state.agents[id]?.mailVersion ?? 0;
  return state.streams[kind]?.[id] ?? 0;
}

/** Every agent has two streams for good, so their versions lie with it and cost no entries of their own. */
function noteVersion(draft: State, kind: string, id: string | number, version: number, ends: boolean): void {
  if (kind === 'agent') draft.agents[id]!.version = version;
  else if (kind === 'mail') draft.agents[id]!.mailVersion = version;
  else if (ends) delete draft.streams[kind]?.[id];
  else (draft.streams[kind] ??= numbered())[id] = version;
}

export function apply(draft: State, event: HoldfastEvent): void {
  draft.position = event.position;
  draft.at = event.at;
  draft.epoch = event.epoch;
  const { kind, id, endsStream, reduce } = ways.get(event.type)!;
  for (let i = 0; i < reduce.length; i += 1) reduce[i]!(draft, event);
  if (draft.sources !== undefined) noteSource(draft.sources, event);
  noteVersion(draft, kind, id(event.data as never), event.streamVersion, endsStream);
}
