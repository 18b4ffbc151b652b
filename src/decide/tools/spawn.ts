/** `spawn_agent`: one decision makes identity, path, edge, first mail, slot, residency and start, or none of them (SL3). */
import * as t from 'io-ts';
import { AgentSpawned } from '../../../events/agent.ts';
import { closedShape } from '../../../events/closed.ts';
import type { AgentId, MailId } from '../../../events/ids.ts';
import { MailAccepted } from '../../../events/mail.ts';
import { isClients } from '../../../projections/answering.ts';
import type { Agent, State } from '../../../projections/state.ts';
import type { Context, NewAgent } from '../decision.ts';
import { freeSlots, treeOf } from '../grant.ts';
import { nameFault } from '../paths.ts';
import { limitRefusal, slotRefusal } from '../refusals.ts';
import { servedBy } from '../served.ts';
import { type Effect, error, okJson, refusedCall, type Tool } from './tool.ts';

const SpawnArgs = closedShape(
  { task_name: t.string, message: t.string },
  {
    agent_type: t.string,
    model: t.string,
    reasoning_effort: t.string,
    service_tier: t.string,
    fork_turns: t.string,
    fork_context: t.unknown,
  },
  'spawn_agent arguments',
);
type SpawnArgs = t.TypeOf<typeof SpawnArgs>;

type Fork = 'none' | 'all' | number;

/** Blank or absent: everything, unless the call asks for another model or role (they exclude each other). */
function forkOf(caller: Agent, args: SpawnArgs): Fork | { readonly fault: string } {
  const overrides = args.agent_type !== undefined || args.model !== undefined || args.reasoning_effort !== undefined;
  const asked = args.fork_turns?.trim() ?? '';
  // What a client knows is with the client: there is nothing to inherit.
  if (caller.client !== undefined) {
    if (asked === '' || asked === 'none') return 'none';
    return {
      fault:
        'fork_turns must be `none` here: your history is not known to the fleet; say in message what the agent has to know',
    };
  }
  if (asked === '') return overrides ? 'none' : 'all';
  if (asked === 'none') return 'none';
  if (asked === 'all') {
    if (!overrides) return 'all';
    return {
      fault:
        'Full-history forked agents inherit the parent agent type, model, and reasoning effort; omit agent_type, model, and reasoning_effort, or spawn without a full-history fork.',
    };
  }
  return /^[1-9][0-9]{0,8}$/.test(asked)
    ? Number(asked)
    : { fault: 'fork_turns must be `none`, `all`, or a positive integer string' };
}

const known = (names: string[]): string => (names.length === 0 ? 'none' : names.sort().join(', '));

/** What is wrong with the call before any limit is asked; undefined if nothing is. */
function fault(state: State, caller: Agent, args: SpawnArgs): string | undefined {
  if (args.fork_context !== undefined) return 'fork_context is not supported in MultiAgentV2; use fork_turns instead';
  if (args.message.trim() === '') return "Empty message can't be sent to an agent";
  const wrong = nameFault(args.task_name);
  if (wrong !== undefined) return wrong;
  const { models = {}, roles = {} } = state.fleet.file ?? {};
  if (args.model !== undefined && !Object.hasOwn(models, args.model)) {
    return `Unknown model \`${args.model}\` for spawn_agent. Available models: ${known(Object.keys(models))}`;
  }
  if (args.agent_type !== undefined && !Object.hasOwn(roles, args.agent_type)) {
    return `Unknown agent_type \`${args.agent_type}\` for spawn_agent. Available roles: ${known(Object.keys(roles))}`;
  }
  const path = `${caller.path}/${args.task_name}`;
  if (caller.children?.[path] !== undefined) return `agent path \`${path}\` already exists`;
  return unanswered(state, caller, modelFor(state, caller, args));
}

/** Its own word, then its role's, then its parent's. */
function modelFor(state: State, caller: Agent, { model, agent_type }: SpawnArgs): string {
  const preset = agent_type === undefined ? undefined : state.fleet.file?.roles?.[agent_type];
  return model ?? preset?.model ?? caller.model;
}

/** CL2: an agent that nobody can answer for is not begun. One whose client is away for a while waits for it. */
function unanswered(state: State, { rootId }: Agent, model: string): string | undefined {
  if (!isClients(state, model)) return undefined;
  const { client } = state.agents[rootId]!;
  if (client === undefined) return `model \`${model}\` is the client of a root, and this root has none`;
  if (client.sampling !== undefined) return undefined;
  const others = Object.keys(state.fleet.file?.models ?? {}).filter((name) => !isClients(state, name));
  const way =
    others.length === 0
      ? 'start the server of this log with a model (`holdfast mcp --model NAME`, or models in a fleet file)'
      : `give another model: ${known(others)}`;
  return `model \`${model}\` is your client itself, and it does not let its model be asked (MCP sampling); ${way}`;
}

/** WS1: as its role says, else its root, else the fleet. */
function worksApart({ agents, fleet }: State, { rootId }: Agent, role: string | undefined): boolean {
  const { roles = {}, workspace } = fleet.file ?? {};
  const ofRole = role !== undefined && Object.hasOwn(roles, role) ? roles[role]!.workspace : undefined;
  return (ofRole ?? agents[rootId]!.workspace ?? workspace) === 'worktree';
}

function newAgent(state: State, ctx: Context, caller: Agent, args: SpawnArgs, fork: Fork): NewAgent {
  const role = args.agent_type ?? caller.role;
  const preset = args.agent_type === undefined ? undefined : state.fleet.file?.roles?.[args.agent_type];
  const effort = args.reasoning_effort ?? preset?.effort ?? caller.effort;
  const agentId = ctx.id<AgentId>();
  const model = modelFor(state, caller, args);
  const config = servedBy(state.fleet.file?.models, model);
  if (args.service_tier !== undefined) config.service_tier = args.service_tier;
  return {
    spawned: {
      agentId,
      rootId: caller.rootId,
      parentId: caller.agentId,
      path: `${caller.path}/${args.task_name}`,
      depth: caller.depth + 1,
      model,
      cwd: caller.cwd,
      config,
      ...(role !== undefined && { role }),
      ...(effort !== undefined && { effort }),
      ...(caller.wake !== undefined && { wake: caller.wake }),
      ...(worksApart(state, caller, role) && { workspace: 'worktree' as const }),
      ...(fork !== 'none' && { forkedFrom: { agentId: caller.agentId, position: state.position, turns: fork } }),
    },
    mail: {
      mailId: ctx.id<MailId>(),
      from: caller.agentId,
      fromPath: caller.path,
      to: agentId,
      kind: 'spawn',
      trigger: true,
      text: args.message,
    },
  };
}

function decide(state: State, ctx: Context, caller: Agent, args: SpawnArgs): Effect {
  const wrong = fault(state, caller, args);
  if (wrong !== undefined) return { end: error(wrong) };
  const fork = forkOf(caller, args);
  if (typeof fork === 'object') return { end: error(fork.fault) };
  const path = `${caller.path}/${args.task_name}`;
  const { limits } = state.fleet;
  if (caller.depth + 1 > limits.depth) {
    const free = 'an agent nearer to the root can spawn it, or the operator can raise `depth`';
    return refusedCall(
      'collab spawn failed: ',
      limitRefusal(ctx, 'depth', limits.depth, [], free, { agentId: caller.agentId, path }),
    );
  }
  const free = freeSlots(state, treeOf(state, caller)) > 0;
  if (!free && limits.whenFull === 'refuse') {
    return refusedCall('collab spawn failed: ', slotRefusal(state, ctx, caller, 'spawn', { path }));
  }
  const born = newAgent(state, ctx, caller, args, fork);
  const end = okJson({ task_name: path });
  if (free) return { end, birth: born };
  return { facts: [AgentSpawned(born.spawned), MailAccepted(born.mail)], end };
}

export const spawnAgent: Tool<SpawnArgs> = {
  name: 'spawn_agent',
  description:
    'Starts a new agent below you, called task_name, with message as its first task. It works in parallel and its final answer comes to you as mail. agent_type gives it a role: worker does one task, reviewer looks for what is wrong, explorer answers questions; the fleet may have others. fork_turns: `all` lets it see your history so far, `none` nothing, N the last N turns.',
  args: SpawnArgs,
  parameters: {
    task_name: 'Name of the agent: lower-case letters, digits and underscores. It becomes the last part of its path.',
    message: 'Its first task, as plain text: what it has to do, and what it needs to know for that.',
    agent_type: 'Its role. Default: yours.',
    model: 'Its model, one of those that the fleet has. Default: that of its role, or yours.',
    reasoning_effort: 'How hard it thinks, in the words of its model. Default: that of its role, or yours.',
    service_tier: 'Accepted and recorded, without effect.',
    fork_turns:
      'How much of your history it sees: `none`, `all`, or a number of turns, newest first. Default: `all`, and `none` where another role, model or effort is asked for.',
    fork_context: 'Not supported: use fork_turns.',
  },
  decide,
};
