/** The fleet file: what a person writes down about a fleet before it runs. Unknown keys are errors everywhere. */
import * as t from 'io-ts';
import { closed, closedShape } from './closed.ts';
import { describe, integer, matching } from './hints.ts';

const count = (description: string) => integer({ minimum: 0, description });
const milliseconds = integer({
  minimum: 0,
  description: 'a whole number of milliseconds, 0 or more',
});
const text = t.string;

const limitCodecs = {
  activeTurns: count('a whole number of sub-agent turns, 0 or more'),
  whenFull: t.keyof({ refuse: null, queue: null }, 'WhenFull'),
  residents: count('a whole number of agents, 0 or more'),
  processes: count('a whole number of processes, 0 or more'),
  onFull: t.keyof({ refuse: null, prune: null }, 'OnFull'),
  cells: count('a whole number of cells, 0 or more'),
  depth: count('a whole number of levels, 0 or more'),
  outputBytes: count('a whole number of bytes, 0 or more'),
};
const waitCodecs = { min: milliseconds, default: milliseconds, max: milliseconds };

/** Every limit, as the log carries them; new keys may come, so unknown ones are let through here. */
export const Limits = t.type({ ...limitCodecs, waitMs: t.type(waitCodecs) }, 'Limits');
export type Limits = t.TypeOf<typeof Limits>;

/** Limits as a person gives them: any of them. */
export const LimitsGiven = closed(
  t.partial({ ...limitCodecs, waitMs: closed(t.partial(waitCodecs), 'WaitMs') }),
  'LimitsGiven',
);
export type LimitsGiven = t.TypeOf<typeof LimitsGiven>;

const VariableName = matching(/^[A-Za-z_][A-Za-z0-9_]*$/, {
  title: 'VariableName',
  description: 'the name of an environment variable',
});

const Tokens = integer({ minimum: 1, description: 'a whole number of tokens, 1 or more' });

/** Where models are asked that name no other server. */
export const openaiUrl = 'https://api.openai.com/v1';

const serverCodecs = {
  /** What the server calls it; absent: its name here. */
  model: text,
  baseUrl: matching(/^https?:\/\/[^\s/@?#]+(\/[^\s@?#]*)?$/, {
    title: 'BaseUrl',
    description: 'an http or https address without user, query and fragment',
  }),
  keyVariable: VariableName,
  keyFile: text,
  effort: text,
  contextTokens: Tokens,
  maxOutputTokens: Tokens,
  /** It can be shown images (default: OpenAI's can, others cannot). */
  images: t.boolean,
  /** An answer that stands still for so long is given up and asked for again. */
  idleMs: integer({ minimum: 1, description: 'a whole number of milliseconds, 1 or more' }),
};

export const ScriptModel = closed(t.type({ kind: t.literal('script') }), 'ScriptModel');
/** A server that speaks the OpenAI Responses API. `customTools`: it knows tools that take plain text (`exec` is one). */
export const ResponsesModel = closedShape(
  { kind: t.literal('responses') },
  { ...serverCodecs, customTools: t.boolean },
  'ResponsesModel',
);
/** A server that speaks chat completions. */
export const ChatModel = closedShape({ kind: t.literal('chat') }, serverCodecs, 'ChatModel');
/** The client of the agent's root, asked with `sampling/createMessage`. `model`: a hint which of its models is meant. */
export const SamplingModel = closedShape(
  { kind: t.literal('sampling') },
  { model: text, maxOutputTokens: Tokens, contextTokens: Tokens, idleMs: serverCodecs.idleMs },
  'SamplingModel',
);
export type SamplingModel = t.TypeOf<typeof SamplingModel>;
export type ResponsesModel = t.TypeOf<typeof ResponsesModel>;
export type ChatModel = t.TypeOf<typeof ChatModel>;

export const ModelConfig = t.union([ScriptModel, ResponsesModel, ChatModel, SamplingModel], 'ModelConfig');
export type ModelConfig = t.TypeOf<typeof ModelConfig>;

/** The first words of a command; see `src/decide/approvals/pattern.ts`. */
export const CommandPattern = matching(/\S/, {
  title: 'CommandPattern',
  description: 'the first words of a command, as `git push`',
});

const approvals = {
  /** `auto`: commands run; `ask`: a person is asked; `deny`: only what `allow` names runs. */
  mode: t.keyof({ auto: null, ask: null, deny: null }, 'ApprovalMode'),
  allow: t.array(CommandPattern),
  deny: t.array(CommandPattern),
};
/** Which commands of agents may run, and which a person is asked about. `park`: who is asked about gives back its slot. */
export const Approvals = closed(t.partial({ ...approvals, park: t.boolean }), 'Approvals');
export type Approvals = t.TypeOf<typeof Approvals>;

/** `worktree`: agents get a git worktree of their own. */
export const Workspace = t.keyof({ shared: null, worktree: null }, 'Workspace');
export type Workspace = t.TypeOf<typeof Workspace>;

export const Role = closed(
  t.partial({
    instructions: text,
    model: text,
    effort: text,
    approvals: closed(t.partial(approvals), 'RoleApprovals'),
    workspace: Workspace,
  }),
  'Role',
);
export type Role = t.TypeOf<typeof Role>;

export const RootName = matching(/^[^:/*]+$/, { title: 'RootName', description: 'a name without ":", "/" and "*"' });

export const Root = closedShape(
  { prompt: text },
  { name: RootName, model: text, effort: text, role: text, cwd: text, wake: t.boolean, workspace: Workspace },
  'Root',
);
export type Root = t.TypeOf<typeof Root>;

const delay = { delayMs: milliseconds };
const anyRecord = t.record(t.string, t.unknown);

export const ScriptSay = closedShape({ say: text }, delay, 'ScriptSay');
/** Anywhere inside `args`, `{"$from": "ID.field"}` stands for a field of an earlier result. */
export const ScriptCall = closedShape({ call: text, id: text, args: anyRecord }, delay, 'ScriptCall');
export const ScriptExec = closedShape({ exec: text, id: text }, delay, 'ScriptExec');
const tokens = integer({ minimum: 0, description: 'a whole number of tokens, 0 or more' });
/** What a model would say that this sampling has cost. */
export const ScriptUsage = closed(
  t.type({
    usage: closedShape({ inputTokens: tokens, outputTokens: tokens }, { cachedTokens: tokens }, 'ScriptTokens'),
  }),
  'ScriptUsage',
);
export const ScriptItem = t.union([ScriptSay, ScriptCall, ScriptExec, ScriptUsage], 'ScriptItem');
export type ScriptItem = t.TypeOf<typeof ScriptItem>;

/** `as`: what kind of failure; `overloaded` (asked again) when absent. `retryAfterMs`: the pause that it asks for. */
export const ScriptFail = closedShape(
  { fail: text },
  {
    as: t.keyof({ overloaded: null, limited: null, overflow: null, refused: null }, 'FailAs'),
    retryAfterMs: milliseconds,
  },
  'ScriptFail',
);
export type ScriptFail = t.TypeOf<typeof ScriptFail>;
export const ScriptHang = closed(t.type({ hang: t.literal(true) }), 'ScriptHang');
/** What a script answers to one sampling: items, or a failure, or nothing until it is aborted. */
export const ScriptList = t.union([t.array(ScriptItem), ScriptFail, ScriptHang], 'ScriptList');
export type ScriptList = t.TypeOf<typeof ScriptList>;

/** Lists by agent: a path, `NAME:/root/x` for one root, or a prefix that ends in `*`. */
export const Scripts = t.record(t.string, t.array(ScriptList), 'Scripts');
export type Scripts = t.TypeOf<typeof Scripts>;

export const Retry = closed(
  t.partial({
    attempts: integer({ minimum: 1, description: 'a whole number of attempts, 1 or more' }),
    baseMs: milliseconds,
    maxMs: milliseconds,
  }),
  'Retry',
);
export type Retry = t.TypeOf<typeof Retry>;

const amount = describe(
  t.refinement(t.number, (n) => n >= 0 && Number.isFinite(n), 'Amount'),
  { minimum: 0, description: 'an amount of money, 0 or more' },
);
const spending = { tokens, money: amount };
/** What models may cost: all agents of a root's tree together, and each agent by itself. Money is in the currency of `prices`. */
export const Budget = closed(
  t.partial({ ...spending, perAgent: closed(t.partial(spending), 'AgentBudget') }),
  'Budget',
);
export type Budget = t.TypeOf<typeof Budget>;

/** Of a million tokens; `cachedInput`: of input that the server had already seen, default: as `input`. */
export const Price = closedShape({ input: amount, output: amount }, { cachedInput: amount }, 'Price');
export type Price = t.TypeOf<typeof Price>;

/** Regular expressions for secrets of this fleet, besides the built-in ones (LO7). */
export const Redact = closed(t.partial({ patterns: t.array(text) }), 'Redact');
export type Redact = t.TypeOf<typeof Redact>;

/** Where a fleet's agents are registered; keys and tokens never stand in a fleet file. */
export const LocalIdentity = closedShape({ registrar: t.literal('local') }, { strict: t.boolean }, 'LocalIdentity');
export const HttpIdentity = closedShape(
  {
    registrar: t.literal('http'),
    url: matching(/^https?:\/\/[^\s/@?#]+(\/[^\s@?#]*)?$/, {
      title: 'RegistrarUrl',
      description: 'an http or https address without user, query and fragment',
    }),
  },
  {
    account: t.string,
    /** Name of the environment variable that holds the bearer token. */
    tokenVariable: VariableName,
    /** Whoever loses its identity or task fails, instead of being registered again. */
    strict: t.boolean,
  },
  'HttpIdentity',
);
export const IdentityConfig = t.union([LocalIdentity, HttpIdentity], 'IdentityConfig');
export type IdentityConfig = t.TypeOf<typeof IdentityConfig>;

/** When the log is signed, besides every stop in order. */
export const CheckpointsConfig = closed(
  t.partial({ everyEvents: integer({ minimum: 1, description: 'a whole number of events, 1 or more' }) }),
  'CheckpointsConfig',
);
export type CheckpointsConfig = t.TypeOf<typeof CheckpointsConfig>;

/** What a fleet file may say besides its roots; `FleetOpened` keeps it as it was read. */
export const fleetOptions = {
  limits: LimitsGiven,
  models: t.record(t.string, ModelConfig),
  roles: t.record(t.string, Role),
  scripts: Scripts,
  onCrash: t.keyof({ resume: null, interrupt: null }, 'OnCrash'),
  redact: Redact,
  retry: Retry,
  identity: IdentityConfig,
  approvals: Approvals,
  workspace: Workspace,
  budget: Budget,
  prices: t.record(t.string, Price),
  checkpoints: CheckpointsConfig,
};

const oneRoot = (roots: readonly Root[]): boolean => roots.length > 0;

export const FleetFile = closedShape(
  { roots: describe(t.refinement(t.array(Root), oneRoot, 'Roots'), { minimum: 1, description: 'at least one root' }) },
  fleetOptions,
  'FleetFile',
);
export type FleetFile = t.TypeOf<typeof FleetFile>;
