/** What a fleet did, counted in one pass over its log; the state hash is that of `replay`. */
import { defaultLimits } from '../../../events/limits.ts';
import { apply } from '../../../projections/apply.ts';
import { emptyState, type State, stateVersion } from '../../../projections/state.ts';
import { statusOf } from '../../../projections/status.ts';
import { allLive } from '../../decide/leases.ts';
import { decoded, stateHash } from '../../engine/fold.ts';
import type { LogReader } from '../../log/port.ts';

export interface Summary {
  readonly fleetId: string;
  readonly events: number;
  readonly stateVersion: number;
  readonly stateHash: string;
  /** Number of the engine's lives. */
  readonly lives: number;
  /** Milliseconds from the first event to the last. */
  readonly ms: number;
  readonly agents: number;
  readonly roots: number;
  readonly turns: number;
  readonly completed: number;
  readonly failed: number;
  readonly interrupted: number;
  readonly unfinished: number;
  /** Most slots held at once in one root's tree, after whole batches, and where that was first so. */
  readonly slotsMost: number;
  readonly slotsMostAt: number;
  readonly activeTurns: number;
  readonly evictions: number;
  /** Agents that came back into memory after they had been in it before. */
  readonly reloads: number;
  /** Turns and processes that were refused for a limit. */
  readonly refusals: number;
  readonly mail: number;
  readonly processes: number;
  /** Processes that still run. */
  readonly live: readonly number[];
  /** Name of each root, what it is, and its last answer or what it waits for. */
  readonly answers: readonly { readonly root: string; readonly is: string; readonly message?: string }[];
}

const answersOf = (state: State): Summary['answers'] =>
  state.roots.map((id) => {
    const agent = state.agents[id]!;
    const { is, what } = statusOf(state, agent);
    return { root: agent.name ?? agent.path, is, ...(what !== undefined && { message: what }) };
  });

export async function summarise(log: LogReader): Promise<Summary> {
  const state = emptyState(defaultLimits);
  const seen = new Map<string, number>();
  const count = (...types: readonly string[]): number => types.reduce((sum, type) => sum + (seen.get(type) ?? 0), 0);
  const loaded = new Set<string>();
  let [first, reloads, slotsMost, slotsMostAt] = [0, 0, 0, 0];
  for await (const page of log.read()) {
    for (const stored of page) {
      const event = decoded(stored);
      if (first === 0) first = event.at;
      seen.set(event.type, (seen.get(event.type) ?? 0) + 1);
      apply(state, event);
      if (event.type === 'AgentLoaded') {
        if (loaded.has(event.data.agentId)) reloads += 1;
        loaded.add(event.data.agentId);
      }
      if (event.type === 'SlotReserved') {
        const held = state.slots.trees[event.data.rootId]!.heldCount;
        if (held > slotsMost) [slotsMost, slotsMostAt] = [held, event.batch + event.of - 1];
      }
    }
  }
  return {
    fleetId: state.fleet.fleetId,
    events: state.position,
    stateVersion,
    stateHash: stateHash(state),
    lives: count('EngineStarted'),
    ms: state.at - first,
    agents: count('AgentSpawned'),
    roots: state.roots.length,
    turns: count('TurnStarted'),
    completed: count('TurnCompleted'),
    failed: count('TurnFailed'),
    interrupted: count('TurnInterrupted'),
    unfinished: Object.keys(state.turns).length,
    slotsMost,
    slotsMostAt,
    activeTurns: state.fleet.limits.activeTurns,
    evictions: count('AgentEvicted'),
    reloads,
    refusals: count('SlotRefused', 'LimitRefused'),
    mail: count('MailAccepted'),
    processes: count('ProcessStarted'),
    live: allLive(state).map(({ processId }) => processId),
    answers: answersOf(state),
  };
}
