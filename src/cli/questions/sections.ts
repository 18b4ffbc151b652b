/** The projections as documents for `show`: plain rows with names and numbers, from the state alone. */
import type { Text } from '../../../events/fact.ts';
import { openApprovals } from '../../../projections/approvals.ts';
import { nothingSpent } from '../../../projections/budget.ts';
import { isPaused, isRunning } from '../../../projections/cells.ts';
import { inOrder, isIn } from '../../../projections/order.ts';
import type { Agent, ProcessEnd, State } from '../../../projections/state.ts';
import { statusOf } from '../../../projections/status.ts';
import { awaitsBinding, bindingOf } from '../../../projections/taskBindings.ts';
import { nameIn } from '../../words/names.ts';

const name = (state: State, agentId: string): string => {
  const agent = state.agents[agentId];
  // At a position within a batch a slot can be reserved for an agent that is spawned by the next event.
  return agent === undefined ? agentId : nameIn(state, agent);
};

const byPosition = <T extends { readonly position: number }>(rows: T[]): T[] =>
  rows.sort((a, b) => a.position - b.position);

export const agents = (state: State) =>
  Object.values(state.agents)
    .sort((a, b) => a.spawned - b.spawned)
    .map((agent) => {
      const { agentId, model, role, task, spawned, parentId, turnId } = agent;
      return {
        path: nameIn(state, agent),
        agentId,
        status: statusOf(state, agent),
        resident: state.residents.present[agentId] !== undefined,
        unread: state.mail.inboxes[agentId]?.unread.length ?? 0,
        processes: Object.keys(state.processes.live[agentId] ?? {}).length,
        model,
        ...(role !== undefined && { role }),
        ...(state.workspaces?.of[agentId] !== undefined && { workspace: state.workspaces.of[agentId] }),
        ...(parentId !== undefined && { parent: name(state, parentId) }),
        ...(turnId !== undefined && { turnId }),
        ...(task !== undefined && { task }),
        spawned,
      };
    });

/** What people are asked, and the commands that were allowed for good. */
export const approvals = (state: State) => ({
  open: openApprovals(state).map(({ agentId, approvalId, what, why, justification, always, tool, position, at }) => ({
    approvalId,
    path: name(state, agentId),
    tool,
    what,
    why,
    ...(justification !== undefined && { justification }),
    ...(always !== undefined && { always }),
    position,
    since: at,
  })),
  always: state.approvals?.always ?? [],
});

/** What models have cost, and what they may. */
export const budget = (state: State) => {
  const { limits = {}, trees = {}, agents: each = {} } = state.spending ?? {};
  const { perAgent, ...tree } = limits;
  return {
    limits,
    trees: state.roots.map((rootId) => ({
      root: name(state, rootId),
      ...(trees[rootId] ?? nothingSpent),
      limits: tree,
    })),
    agents: Object.entries(each).map(([agentId, spent]) => ({
      path: name(state, agentId),
      ...spent,
      ...(perAgent !== undefined && { limits: perAgent }),
      stopped: state.spending?.stopped[agentId] === true,
    })),
  };
};

export const slots = (state: State) =>
  Object.entries(state.slots.trees).map(([rootId, tree]) => ({
    root: name(state, rootId),
    activeTurns: state.fleet.limits.activeTurns,
    whenFull: state.fleet.limits.whenFull,
    held: byPosition(
      Object.values(tree.held).map(({ reservationId, agentId, purpose, turnId, position, at }) => ({
        path: name(state, agentId),
        reservationId,
        purpose,
        ...(turnId !== undefined && { turnId }),
        position,
        since: at,
      })),
    ),
    queue: [...inOrder(tree.queue)].map((id) => {
      const { agentId, purpose, position, at } = tree.entries[id]!;
      return { path: name(state, agentId), queueId: id, purpose, position, since: at };
    }),
  }));

/** Who would be evicted first comes first; who cannot be comes after them. */
export const residents = (state: State) => {
  const { present, idle } = state.residents;
  const pinned = Object.keys(present)
    .filter((id) => !isIn(idle, id))
    .sort((a, b) => present[a]! - present[b]!);
  return [...inOrder(idle), ...pinned].map((agentId) => ({
    path: name(state, agentId),
    agentId,
    evictable: isIn(idle, agentId),
    root: state.agents[agentId]?.parentId === undefined,
    lastUse: present[agentId]!,
  }));
};

export const mail = (state: State) =>
  byPosition(
    Object.values(state.mail.letters).map((letter) => ({
      mailId: letter.mailId,
      position: letter.position,
      to: name(state, letter.to),
      from: letter.fromPath ?? (state.agents[letter.from] === undefined ? letter.from : name(state, letter.from)),
      kind: letter.kind,
      trigger: letter.trigger,
      ...(letter.spent && { spent: true }),
      is: letter.turnId === undefined ? 'unread' : 'taken',
      ...(letter.turnId !== undefined && { turnId: letter.turnId }),
      text: letter.text as Text,
    })),
  );

export const turns = (state: State) =>
  byPosition(
    Object.values(state.turns).map((turn) => ({
      turnId: turn.turnId,
      path: name(state, turn.agentId),
      position: turn.position,
      since: turn.at,
      phase: turn.parked === undefined ? turn.phase : 'parked',
      ...(turn.reservationId !== undefined && { reservationId: turn.reservationId }),
      calls: byPosition(
        Object.values(turn.calls).map(({ callId, tool, position, until, processId }) => ({
          callId,
          tool,
          position,
          ...(until !== undefined && { until }),
          ...(processId !== undefined && { processId }),
        })),
      ),
      undecided: turn.pending.length,
    })),
  );

const endOf = ({ code, signal, at, outputBytes }: ProcessEnd) => ({ code, signal, endedAt: at, outputBytes });

export const processes = (state: State) =>
  Object.values(state.processes.all)
    .sort((a, b) => a.processId - b.processId)
    .map((process) => ({
      processId: process.processId,
      path: name(state, process.agentId),
      is: process.end === undefined ? (process.pid === undefined ? 'requested' : 'live') : process.end.how,
      ...(process.pid !== undefined && { pid: process.pid }),
      ...(process.end !== undefined && { ...endOf(process.end) }),
      tty: process.tty,
      place: process.place,
      position: process.position,
      since: process.at,
      cwd: process.cwd,
      command: process.command,
    }));

export const cells = (state: State) =>
  Object.values(state.cells.all)
    .sort((a, b) => a.position - b.position)
    .map((cell) => ({
      cellId: cell.cellId,
      path: name(state, cell.agentId),
      is: cell.end?.how ?? (isPaused(cell) ? 'pending' : isRunning(cell) ? 'running' : 'waiting'),
      policy: cell.policy,
      position: cell.position,
      since: cell.at,
      items: cell.offset,
      calls: byPosition(
        Object.values(cell.calls).map(({ callId, tool, position, processId }) => ({
          callId,
          tool,
          position,
          ...(processId !== undefined && { processId }),
        })),
      ),
      timers: Object.keys(cell.timers).length,
      ...(cell.frontier !== undefined && { generation: cell.frontier.generation, pending: cell.frontier.pending }),
      ...(cell.end !== undefined && {
        endedAt: cell.end.at,
        processes: cell.end.processes,
        conflicts: cell.end.conflicts,
        ...(cell.end.reason !== undefined && { reason: cell.end.reason }),
      }),
    }));

/** What each agent is registered as, or is about to be; agents that never needed a task are left out. */
export const tasks = (state: State) =>
  Object.values(state.agents)
    .sort((a, b) => a.spawned - b.spawned)
    .flatMap((agent) => taskOf(state, agent) ?? []);

function taskOf(state: State, agent: Agent) {
  const { newest, registering } = state.taskBindings;
  const [last, asked] = [newest[agent.agentId], registering[agent.agentId]];
  const turn = agent.turnId === undefined ? undefined : state.turns[agent.turnId];
  const waits = turn !== undefined && awaitsBinding(state, turn);
  if (last === undefined && asked === undefined && !waits) return undefined;
  const bound = last !== undefined && bindingOf(state, agent.agentId) === last;
  const unbound = asked === undefined ? (waits ? 'waiting' : 'stale') : 'registering';
  return {
    path: nameIn(state, agent),
    agentId: agent.agentId,
    is: bound ? (asked === undefined ? 'bound' : 'renewing') : unbound,
    ...(last !== undefined && { ...last }),
    ...(asked !== undefined && { asked }),
    ...(agent.task !== undefined && { task: agent.task }),
  };
}

export const identity = ({ fleet, identities }: State) => ({
  registrar: fleet.file?.identity?.registrar ?? 'none',
  strict: fleet.file?.identity?.strict === true,
  ...(identities.current !== undefined && { current: identities.current }),
  ...(identities.registering !== undefined && { registering: identities.registering }),
});

export const overview = (state: State) => ({
  fleetId: state.fleet.fleetId,
  position: state.position,
  at: state.at,
  epoch: state.epoch,
  engine: state.fleet.engine,
  limits: state.fleet.limits,
  slotsHeld: state.slots.held,
  residents: state.residents.count,
  turns: Object.keys(state.turns).length,
  processes: Object.values(state.processes.live).reduce((sum, of) => sum + Object.keys(of).length, 0),
  cells: Object.values(state.cells.live).reduce((sum, of) => sum + Object.keys(of).length, 0),
  identity: identity(state),
  agents: agents(state),
});
