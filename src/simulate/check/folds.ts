/** I13: one by one, in pages inside immer, and from a snapshot plus the rest: the same state. I1: the hash chain is whole. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import { defaultLimits } from '../../../events/limits.ts';
import { apply } from '../../../projections/apply.ts';
import { foldPage } from '../../../projections/pages.ts';
import { emptyState, type State } from '../../../projections/state.ts';
import { stateHash } from '../../engine/fold.ts';
import { batchHash, genesis, hexOf } from '../../log/chain.ts';
import type { Log } from '../../log/port.ts';
import type { Random } from '../random.ts';
import { holds } from './violation.ts';

/** `live`: the state of an engine at rest, everything of it durable. */
export function sameFolds(events: readonly HoldfastEvent[], live: State, random: Random): void {
  const expected = stateHash(live);
  const at = events.length;
  const cut = random.below(at + 1);
  const state = emptyState(defaultLimits);
  let snapshot = '';
  for (const event of events) {
    if (event.position === cut + 1) snapshot = JSON.stringify(state);
    apply(state, event);
  }
  holds(stateHash(state) === expected, 'I13', at, () => 'the log folds to another state than the engine has');
  if (snapshot !== '') {
    const rest = JSON.parse(snapshot) as State;
    for (const event of events.slice(cut)) apply(rest, event);
    holds(stateHash(rest) === expected, 'I13', at, () => `from a snapshot at ${cut} the log folds to another state`);
  }
  let paged = emptyState(defaultLimits);
  for (let from = 0; from < at; ) {
    const to = from + random.between(1, 80);
    paged = foldPage(paged, events.slice(from, to));
    from = to;
  }
  holds(stateHash(paged) === expected, 'I13', at, () => 'in pages the log folds to another state');
}

/** Recomputes the chain from the events alone. */
export async function wholeChain(log: Log): Promise<void> {
  let prev = hexOf(genesis(log.fleetId ?? ''));
  let batch: HoldfastEvent[] = [];
  for await (const page of log.readHashed()) {
    for (const { hash, ...event } of page) {
      batch.push(event as HoldfastEvent);
      if (event.index + 1 < event.of) continue;
      prev = batchHash(prev, batch);
      holds(hash === prev, 'I1', event.position, () => 'the hash of its batch does not follow from the events');
      batch = [];
    }
  }
}
