/** From log to state: the newest usable snapshot, then event by event on a plain document. Reads, never acts. */
import { createHash } from 'node:crypto';
import { definition, type HoldfastEvent } from '../../events/catalogue.ts';
import type { Envelope } from '../../events/envelope.ts';
import { defaultLimits } from '../../events/limits.ts';
import { apply } from '../../projections/apply.ts';
import { emptyState, type State, stateVersion } from '../../projections/state.ts';
import { Failure } from '../failure.ts';
import { canonicalInPieces } from '../log/canonical.ts';
import type { LogReader } from '../log/port.ts';

/** The event in today's shape: an older version is upcast, an unknown or newer one is an error that names it (LO8). */
export function decoded(event: Envelope): HoldfastEvent {
  const def = definition(event.type);
  if (def === undefined) {
    throw new Failure('HOLDFAST_EVENT_UNKNOWN', `event ${event.position} is of an unknown type, ${event.type}`, {
      remedy: 'this log was written by a newer Holdfast: read it with that version or a later one',
      details: { position: event.position, type: event.type },
    });
  }
  if (event.v === def.v) return event as HoldfastEvent;
  if (event.v > def.v) {
    throw new Failure(
      'HOLDFAST_EVENT_NEWER',
      `event ${event.position} is ${event.type} version ${event.v}; this Holdfast knows version ${def.v}`,
      {
        remedy: 'read this log with the Holdfast that wrote it or a later one',
        details: { position: event.position, type: event.type, found: event.v, known: def.v },
      },
    );
  }
  let { data } = event;
  for (let v = event.v; v < def.v; v += 1) data = def.upcasts[v]!(data);
  return { ...event, v: def.v, data } as HoldfastEvent;
}

export interface FoldOptions {
  /** Up to this position; absent: to the end. */
  readonly to?: number;
  /** false: from the first event, whatever snapshots there are. */
  readonly snapshots?: boolean;
  readonly onPage?: (state: State) => void;
  /** The fold begins with a snapshot of this position. */
  readonly onSnapshot?: (position: number) => void;
}

export async function foldLog(
  log: LogReader,
  { to, snapshots = true, onPage, onSnapshot }: FoldOptions = {},
): Promise<State> {
  const snapshot = snapshots ? await log.snapshot(stateVersion, to) : undefined;
  const state = snapshot === undefined ? emptyState(defaultLimits) : (snapshot.state as State);
  if (snapshot !== undefined) onSnapshot?.(snapshot.position);
  for await (const page of log.read({ from: state.position + 1, ...(to !== undefined && { to }) })) {
    for (const event of page) apply(state, decoded(event));
    onPage?.(state);
  }
  return state;
}

/** SHA-256 of the RFC 8785 JSON of the state document: equal on every machine (LO6). */
export function stateHash(state: State): string {
  const hash = createHash('sha256');
  canonicalInPieces(state as unknown as Readonly<Record<string, unknown>>, (piece) => hash.update(piece));
  return hash.digest('hex');
}
