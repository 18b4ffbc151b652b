/** What `why` is asked, and what its answers are made of. */
import type { EventType, HoldfastEvent } from '../../../events/catalogue.ts';
import type { State } from '../../../projections/state.ts';
import { Refused } from '../exitCodes.ts';
import type { Evidence } from './evidence.ts';

export interface Question {
  readonly state: State;
  readonly evidence: Evidence;
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
