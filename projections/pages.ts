/** Folding inside immer: frozen snapshots for callers, and patches; one `produce` per page of events. */
import { enablePatches, type Patch, produce, produceWithPatches, setAutoFreeze } from 'immer';
import type { HoldfastEvent } from '../events/catalogue.ts';
import { apply } from './apply.ts';
import type { State } from './state.ts';

setAutoFreeze(true);
enablePatches();

export const foldPage = (state: State, page: readonly HoldfastEvent[]): State =>
  produce(state, (draft) => {
    for (const event of page) apply(draft as State, event);
  });

/** The same, with what it changed: for whoever shows a state and follows it. */
export function foldPageWithPatches(
  state: State,
  page: readonly HoldfastEvent[],
): { readonly state: State; readonly patches: readonly Patch[] } {
  const [next, patches] = produceWithPatches(state, (draft) => {
    for (const event of page) apply(draft as State, event);
  });
  return { state: next, patches };
}
