/** Roots: agents without a parent, from the fleet file, from an operator, or acted for by a client. */
import type { ModelConfig } from '../../events/fleetFile.ts';
import type { AgentId, MailId } from '../../events/ids.ts';
import { isClients } from '../../projections/answering.ts';
import type { State } from '../../projections/state.ts';
import type { CommandOf, RootGiven } from './command.ts';
import { type Context, type Decision, decided, type NewAgent, refused } from './decision.ts';
import { startNew } from './grant.ts';
import { servedBy } from './served.ts';

type Models = {
  readonly models?: Readonly<Record<string, ModelConfig>>;
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
  const model = modelOf(given, file);
  const effort = given.effort ?? (given.role === undefined ? undefined : file.roles?.[given.role]?.effort);
  return {
    spawned: {
      agentId,
      rootId: agentId,
      path: '/root',
      name: given.name,
      depth: 0,
      model,
      cwd: below(cwd, given.cwd),
      config: servedBy(file.models, model),
      ...(given.role !== undefined && { role: given.role }),
      ...(effort !== undefined && { effort }),
      ...(given.wake !== undefined && { wake: given.wake }),
      ...(given.workspace !== undefined && { workspace: given.workspace }),
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

/** Undefined: the fleet has it. A fleet without models has `script`. */
export function unknownModel(state: State, model: string): Decision<never> | undefined {
  const models = state.fleet.file?.models ?? {};
  if (model === 'script' || Object.hasOwn(models, model)) return undefined;
  const known = Object.keys(models).join(', ') || 'script';
  return refused('HOLDFAST_UNKNOWN_MODEL', `the fleet has no model ${model}`, `use one of: ${known}`);
}

/** RO2. */
function unknownRole(state: State, role: string | undefined): Decision<never> | undefined {
  const roles = state.fleet.file?.roles ?? {};
  if (role === undefined || Object.hasOwn(roles, role)) return undefined;
  const known = Object.keys(roles).sort().join(', ') || 'none';
  return refused('HOLDFAST_UNKNOWN_ROLE', `the fleet has no role ${role}`, `use one of: ${known}`);
}

export function spawnRoot(state: State, ctx: Context, command: CommandOf<'spawnRoot'>): Decision {
  const taken = { has: (name: string) => Object.hasOwn(state.rootNames, name) };
  const name = command.name ?? freeName(taken);
  if (taken.has(name)) {
    return refused('HOLDFAST_ROOT_EXISTS', `a root called ${name} exists`, 'choose another name', {
      details: { name },
    });
  }
  const strange = unknownRole(state, command.role);
  if (strange !== undefined) return strange;
  const born = newRoot(ctx, { ...command, name }, state.fleet.file ?? {}, command.cwd);
  const unknown = unknownModel(state, born.spawned.model);
  if (unknown !== undefined) return unknown;
  if (isClients(state, born.spawned.model))
    return refused(
      'HOLDFAST_NO_CLIENT',
      `model ${born.spawned.model} is the client of a root, and this root has none`,
      'give it another model, or let an MCP client act as a root (`holdfast mcp`)',
    );
  return decided(startNew(state, ctx, born), { agentId: born.spawned.agentId, name, path: '/root' });
}
