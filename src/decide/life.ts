/** The lives of the engine: the first batch of a log, each later start, and the stop (SL8, RE9, TU6). */
import { AgentLoaded } from '../../events/agent.ts';
import type { HoldfastFact } from '../../events/catalogue.ts';
import { ClientLeft } from '../../events/client.ts';
import { EngineStarted, EngineStopped, FleetOpened } from '../../events/fleet.ts';
import type { AgentId } from '../../events/ids.ts';
import { completeLimits } from '../../events/limits.ts';
import { SlotReleased } from '../../events/slot.ts';
import { TurnResumed } from '../../events/turn.ts';
import type { State } from '../../projections/state.ts';
import { clientsThere, clientTurnEnd } from './client.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided } from './decision.ts';
import { interruption } from './ends.ts';
import { startNew } from './grant.ts';
import { restore } from './identity.ts';
import { allLive, detachment } from './leases.ts';
import { completeRoles } from './roles.ts';
import { freeName, newRoot } from './roots.ts';

/** Version of the log's format that this code writes and the newest it reads. */
export const logFormat = 1;

export function open(state: State, ctx: Context, command: CommandOf<'open'>): Decision {
  const { fleetId, version, bootId, pid, cwd } = command;
  const file = { ...command.file, roles: completeRoles(command.file.roles) };
  const facts: HoldfastFact[] = [
    FleetOpened({
      fleetId,
      format: logFormat,
      version,
      limits: completeLimits(file.limits),
      fleet: { ...file, roots: [...file.roots] },
      origin: 'own',
    }),
    EngineStarted({ bootId, pid, version }),
  ];
  const taken = new Set(file.roots.flatMap((root) => root.name ?? []));
  for (const root of file.roots) {
    const name = root.name ?? freeName(taken);
    taken.add(name);
    facts.push(...startNew(state, ctx, newRoot(ctx, { ...root, name }, file, cwd)));
  }
  return decided(facts, { fleetId });
}

export function start(state: State, ctx: Context, { bootId, pid, version, identity }: CommandOf<'start'>): Decision {
  const facts: HoldfastFact[] = [
    EngineStarted({ bootId, pid, version }),
    ...restore(state, ctx, identity),
    // The dead engine's leases; whoever is loaded takes its own again in this batch (`leases`).
    ...detachment(allLive(state), 'recovered'),
  ];
  for (const [rootId, tree] of Object.entries(state.slots.trees)) {
    for (const { reservationId, agentId, turnId } of Object.values(tree.held)) {
      if (turnId === undefined)
        facts.push(SlotReleased({ reservationId, agentId, rootId: rootId as AgentId, reason: 'recovered' }));
    }
  }
  const interrupt = state.fleet.file?.onCrash === 'interrupt' && state.fleet.engine !== 'stopped';
  for (const { agentId, client } of clientsThere(state))
    facts.push(ClientLeft({ agentId, connectionId: client!.connectionId!, reason: 'the engine has started anew' }));
  const unfinished = Object.values(state.turns).sort((a, b) => a.position - b.position);
  for (const turn of unfinished) {
    const { turnId, agentId } = turn;
    if (interrupt) {
      facts.push(
        ...interruption(state, ctx, state.agents[agentId]!, 'the engine had stopped without an order', 'interrupted'),
      );
    } else if (turn.client === true && turn.open === 0) {
      facts.push(...clientTurnEnd(turn));
    } else if (turn.parked === undefined) {
      facts.push(
        AgentLoaded({ agentId, reason: 'resumed' }),
        TurnResumed({ turnId, agentId, calls: Object.keys(turn.calls) }),
      );
    }
  }
  return decided(facts, { resumed: unfinished.length });
}

/** What still lives is left to its host (PR1). */
export const stop = (state: State, _ctx: Context, { reason }: CommandOf<'stop'>): Decision => {
  const left = allLive(state);
  return decided([...detachment(left, 'engine-stopped'), EngineStopped({ reason })], { left: left.length });
};
