/** The shape of a room's reducers: by event type, mutating the draft they are given. */
import type { EventOf, EventType } from '../events/catalogue.ts';
import type { State } from './state.ts';

export type Reducers = { readonly [K in EventType]?: (draft: State, event: EventOf<K>) => void };
