/** The lives of the engine: the first batch of a log, each later start, and the stop (SL8, RE9, TU6). */
import { AgentLoaded } from '../../events/agent.ts';
import type { HoldfastFact } from '../../events/catalogue.ts';
import { EngineStarted, EngineStopped, FleetOpened } from '../../events/fleet.ts';
import type { AgentId, MailId } from '../../events/ids.ts';
import { completeLimits } from '../../events/limits.ts';
import { SlotReleased } from '../../events/slot.ts';
import { TurnResumed } from '../../events/turn.ts';
import type { State } from '../../projections/state.ts';
import type { CommandOf, RootGiven } from './command.ts';
import { type Context, type Decision, decided, type NewAgent, refused } from './decision.ts';
import { interruption } from './ends.ts';
import { startNew } from './grant.ts';
import { restore } from './identity.ts';
import { allLive, detachment } from './leases.ts';

/** Version of the log's format that this code writes and the newest it reads. */
export const logFormat = 1;

type Models = {
  readonly models?: Readonly<Record<string, unknown>>;
  readonly roles?: Readonly<Record<string, { readonly model?: string; readonly effort?: string }>>;
};

/** The model of an agent that names none: its role's, else the only one, else `script`. */
function modelOf(given: RootGiven, { models = {}, roles = {} }: Models): string {
  const names = Object.keys(models);
  return (
    given.model ??
    (given.role === undefined ? undefined : roles[given.role]?.model) ??
    (names.length === 1 ? names[0]! : 'script')
  );
}

/** A relative folder is one below. */
const below = (cwd: string, folder = ''): string =>
  folder === '' ? cwd : folder.startsWith('/') ? folder : `${cwd}/${folder}`;

export function newRoot(
  ctx: Context,
  given: RootGiven & { readonly name: string },
  file: Models,
  cwd: string,
): NewAgent {
  const agentId = ctx.id<AgentId>();
  const effort = given.effort ?? (given.role === undefined ? undefined : file.roles?.[given.role]?.effort);
  return {
    spawned: {
      agentId,
      rootId: agentId,
      path: '/root',
      name: given.name,
      depth: 0,
      model: modelOf(given, file),
      cwd: below(cwd, given.cwd),
      config: {},
      ...(given.role !== undefined && { role: given.role }),
      ...(effort !== undefined && { effort }),
      ...(given.wake !== undefined && { wake: given.wake }),
    },
    mail: {
      mailId: ctx.id<MailId>(),
      from: 'operator',
      to: agentId,
      kind: 'operator',
      trigger: true,
      text: given.prompt,
    },
  };
}

/** `root`, `root2`, … : the first name that is free. */
export function freeName(taken: { readonly has: (name: string) => boolean }): string {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? 'root' : `root${n}`;
    if (!taken.has(name)) return name;
  }
}

export function open(state: State, ctx: Context, command: CommandOf<'open'>): Decision {
  const { fleetId, version, bootId, pid, file, cwd } = command;
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
  const unfinished = Object.values(state.turns).sort((a, b) => a.position - b.position);
  for (const turn of unfinished) {
    const { turnId, agentId } = turn;
    if (interrupt) {
      facts.push(
        ...interruption(state, ctx, state.agents[agentId]!, 'the engine had stopped without an order', 'interrupted'),
      );
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

export function spawnRoot(state: State, ctx: Context, command: CommandOf<'spawnRoot'>): Decision {
  const taken = { has: (name: string) => Object.hasOwn(state.rootNames, name) };
  const name = command.name ?? freeName(taken);
  if (taken.has(name)) {
    return refused('HOLDFAST_ROOT_EXISTS', `a root called ${name} exists`, 'choose another name', {
      details: { name },
    });
  }
  const born = newRoot(ctx, { ...command, name }, state.fleet.file ?? {}, command.cwd);
  const models = state.fleet.file?.models ?? {};
  if (born.spawned.model !== 'script' && !Object.hasOwn(models, born.spawned.model)) {
    const known = Object.keys(models).join(', ') || 'script';
    return refused('HOLDFAST_UNKNOWN_MODEL', `the fleet has no model ${born.spawned.model}`, `use one of: ${known}`);
  }
  return decided(startNew(state, ctx, born), { agentId: born.spawned.agentId, name, path: '/root' });
}
