/** What `why` is asked, and what its answers are made of. */
import type { EventType, HoldfastEvent } from '../../events/catalogue.ts';
import type { State } from '../../projections/state.ts';
import { Refused } from '../failure.ts';
import { type Evidence, means } from './evidence.ts';
import { type IdIndex, lastRefusal } from './idIndex.ts';

export interface Question {
  readonly state: State;
  readonly evidence: Evidence;
  /** Made when it is first needed: most questions are answered without it. */
  readonly ids: () => Promise<IdIndex>;
  readonly id: string;
}

/** Collects the evidence and gives the sentence. */
export type Reason = (question: Question) => Promise<string>;

export const notFound = (kind: string, id: string, remedy: string): Refused =>
  new Refused('HOLDFAST_NOT_FOUND', `the log has no ${kind} ${id}`, { remedy, details: { kind, id } });

export const is =
  <K extends EventType>(...types: readonly K[]) =>
  (event: HoldfastEvent): event is Extract<HoldfastEvent, { type: K }> =>
    (types as readonly string[]).includes(event.type);

export const isTurnLife = is(
  'TurnStarted',
  'TurnParked',
  'TurnUnparked',
  'TurnResumed',
  'TurnCompleted',
  'TurnFailed',
  'TurnInterrupted',
);

/** The newest of the events with which something of this id, or of this last group of one, began. */
export async function begun<E extends HoldfastEvent>(
  { ids, evidence, id }: Question,
  kind: (event: HoldfastEvent) => event is E,
  idOf: (event: E) => string,
): Promise<E | undefined> {
  for (const position of (await ids()).positionsOf(id)) {
    const event = await evidence.at(position);
    if (event !== undefined && kind(event) && (id === lastRefusal || means(idOf(event), id))) return event;
  }
  return undefined;
}
