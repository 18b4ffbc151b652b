/** Folding inside immer: frozen snapshots for callers, and patches; one `produce` per page of events. */
import { produce, setAutoFreeze } from 'immer';
import type { HoldfastEvent } from '../events/catalogue.ts';
import { apply } from './apply.ts';
import type { State } from './state.ts';

setAutoFreeze(true);

export const foldPage = (state: State, page: readonly HoldfastEvent[]): State =>
  produce(state, (draft) => {
    for (const event of page) apply(draft as State, event);
  });
