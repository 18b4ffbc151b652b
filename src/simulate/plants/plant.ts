/** A planted defect: a bug that somebody really had, put back into the engine to see whether the checkers find it. */
import type { HoldfastFact } from '../../../events/catalogue.ts';
import type { State } from '../../../projections/state.ts';
import type { Tamper } from '../../engine/tamper.ts';
import type { Host } from '../../host/port.ts';
import type { Terminals, Visiting } from '../../host/visitors.ts';
import type { HeadWriter } from '../../log/headSlots.ts';
import type { Log } from '../../log/port.ts';
import type { Store } from '../../log/store.ts';
import type { Peer } from '../../models/peer.ts';
import type { Model } from '../../models/port.ts';

/** What the log lies on. */
export interface Below {
  readonly store: Store;
  readonly head: HeadWriter;
}

export interface Plant {
  /** What goes wrong, as a person would tell it. */
  readonly says: string;
  /** For each life of the engine anew. */
  readonly engine?: () => Tamper;
  /** The log as the engine of one life sees it. */
  readonly log?: (log: Log) => Log;
  /** What the log believes to be its store and its HEAD, on a disk that has them. */
  readonly disk?: (below: Below) => Below;
  /** Who answers for all models, as the engine of one life sees it. */
  readonly model?: (model: Model, life: number) => Model;
  /** A client as the engine asks it. */
  readonly peer?: (peer: Peer) => Peer;
  /** What people can do at the terminals of a host. */
  readonly visitors?: (visitors: Visiting, terminals: Terminals) => Visiting;
  /** A process host as the engine of one life sees it. */
  readonly host?: (host: Host, life: number) => Host;
}

/** A defect in what is recorded, without a memory of its own. */
export const inFacts = (says: string, facts: NonNullable<Tamper['facts']>): Plant => ({
  says,
  engine: () => ({ facts }),
});

/** A defect in what is decided. */
export const inDecisions = (says: string, decide: NonNullable<Tamper['decide']>): Plant => ({
  says,
  engine: () => ({ decide }),
});

export type FactOf<T extends HoldfastFact['type']> = Extract<HoldfastFact, { type: T }>;

export const firstOf = <T extends HoldfastFact['type']>(
  facts: readonly HoldfastFact[],
  type: T,
): FactOf<T> | undefined => facts.find((fact): fact is FactOf<T> => fact.type === type);

export const without = (facts: readonly HoldfastFact[], ...types: readonly HoldfastFact['type'][]): HoldfastFact[] =>
  facts.filter(({ type }) => !types.includes(type));

/** A state in which there are as many slots as somebody believes. */
export const believing = (state: State, limits: Partial<State['fleet']['limits']>): State => ({
  ...state,
  fleet: { ...state.fleet, limits: { ...state.fleet.limits, ...limits } },
});

/** The call that is about to be decided. */
export function nextCall(state: State, turnId: string) {
  const turn = state.turns[turnId];
  const call = turn?.pending[0];
  if (turn === undefined || call === undefined || !('call' in call)) return undefined;
  return {
    caller: state.agents[turn.agentId]!,
    tool: call.call,
    args: (call.args ?? {}) as Readonly<Record<string, unknown>>,
  };
}
