/** What a model of the world says: good sense, nonsense, and everything between, from the seed, the agent and the number of the sampling. */
import type { ModelItem } from '../models/port.ts';
import { drawCell } from './cellSays.ts';
import type { Random } from './random.ts';
import { drawSecret } from './secrets.ts';

const names = ['a', 'b', 'c', 'd'] as const;
const badNames = ['', 'root', '..', 'A', 'a/b', 'ä', '0123456789abcdef0123456789abcdef', 'x'.repeat(40)] as const;
const paths = ['a', 'b', 'a/b', 'b/a', '/root', '/root/a', '/root/b', '/root/c', '/root/a/a', '/root/a/b'] as const;
const badPaths = ['', '/', '/root/', '../a', '/Root/a', 'a//b', 'constructor', '__proto__', 'root:/root/a'] as const;
const ids = ['c1', 'c2', 'c3', 'c4'] as const;
const badIds = ['', 'a/b', '__proto__', 'constructor', 'toString'] as const;
const texts = ['do it', 'again', 'report', 'ü — ✓', 'lone \ud800 half'] as const;
/** For any argument at all. */
const absurd: readonly unknown[] = [null, 0, -1, 1.5, 1e21, true, '', 'x', [], {}, [1, 'a'], { deep: [{ er: null }] }];

export interface Known {
  /** Ids of agents that exist or existed. */
  readonly agentIds: readonly string[];
  /** Id of the newest process. */
  readonly lastProcessId: number;
  /** Cells of whoever speaks, ended ones included. */
  readonly cellIds?: readonly string[];
}

export interface ModelTemper {
  /** Of 100 samplings that answer: those that end the turn. */
  readonly ends: number;
  /** Of 100 calls: those without sense. */
  readonly absurd: number;
  /** Of 100 calls: those of `exec`. */
  readonly cells?: number;
  /** How much more often than others each tool is called; absent: all tools as usual. */
  readonly likes?: Readonly<Record<string, number>>;
}

const target = (r: Random, { agentIds }: Known): string => {
  if (r.chance(15) && agentIds.length > 0) return r.pick(agentIds);
  if (r.chance(4)) return '01890000-0000-7000-8000-000000000000';
  return r.chance(6) ? r.pick(badPaths) : r.pick(paths);
};

const text = (r: Random): string => {
  if (r.chance(0.2)) return 'long '.repeat(14_000);
  if (r.chance(6)) return drawSecret(r);
  return r.chance(3) ? ' ' : r.pick(texts);
};

const sessionId = (r: Random, { lastProcessId }: Known): number =>
  r.chance(5) ? r.pick([0, -1, 1.5, 99_999]) : r.between(1000, Math.max(1000, lastProcessId));

const drawCellId = (r: Random, own: readonly string[]): string => {
  if (own.length > 0 && r.chance(60)) return r.pick(own);
  return r.chance(5) ? r.pick(['', '0', '__proto__']) : String(1 + Math.min(r.below(6), r.below(6)));
};

type Args = (r: Random, known: Known) => Record<string, unknown>;

const maybe = (r: Random, percent: number, key: string, value: unknown): Record<string, unknown> =>
  r.chance(percent) ? { [key]: value } : {};

const tools: Readonly<Record<string, { readonly weight: number; readonly args: Args }>> = {
  spawn_agent: {
    weight: 30,
    args: (r) => ({
      task_name: r.chance(5) ? r.pick(badNames) : r.pick(names),
      message: text(r),
      ...maybe(r, 40, 'fork_turns', r.pick(['none', 'none', 'all', '1', '2', '0', 'x', ''])),
      ...maybe(r, 5, 'model', r.pick(['script', 'other', 'nobody'])),
      ...maybe(r, 5, 'agent_type', r.pick(['worker', 'nobody'])),
    }),
  },
  send_message: { weight: 12, args: (r, known) => ({ target: target(r, known), message: text(r) }) },
  followup_task: { weight: 16, args: (r, known) => ({ target: target(r, known), message: text(r) }) },
  wait_agent: {
    weight: 24,
    args: (r) => maybe(r, 60, 'timeout_ms', r.pick([0, -1, 50, 500, 2_000, 20_000, 1e12, 0.5])),
  },
  list_agents: { weight: 4, args: (r, known) => maybe(r, 50, 'path_prefix', target(r, known)) },
  interrupt_agent: {
    weight: 8,
    args: (r, known) => ({ target: target(r, known), ...maybe(r, 30, 'cascade', r.chance(80)) }),
  },
  close_agent: {
    weight: 5,
    args: (r, known) => ({ target: target(r, known), ...maybe(r, 20, 'reason', 'done with') }),
  },
  exec_command: {
    weight: 15,
    args: (r) => ({
      cmd: r.chance(8) ? `echo ${drawSecret(r)}` : r.pick(['true', 'make', 'sleep 9', 'yes', 'nothing-there', ' ']),
      ...maybe(r, 40, 'tty', r.chance(70)),
      // A program on a terminal that reads what is typed.
      ...(r.chance(25) && { cmd: 'cat', tty: true }),
      ...maybe(r, 60, 'yield_time_ms', r.pick([0, 250, 500, 5_000, 1e9])),
      ...maybe(r, 10, 'max_output_tokens', r.pick([0, -5, 10, 1e6])),
      ...maybe(r, 35, 'notifyOnExit', r.chance(90)),
      ...maybe(r, 20, 'onInterrupt', r.pick(['kill', 'kill', 'keep'])),
    }),
  },
  write_stdin: {
    weight: 14,
    args: (r, known) => ({
      session_id: sessionId(r, known),
      ...maybe(r, 80, 'chars', r.pick(['y\n', 'y\n', '', '\u0003', text(r)])),
      ...maybe(r, 30, 'yield_time_ms', r.pick([0, 250, 6_000])),
    }),
  },
  list_processes: { weight: 2, args: (r) => maybe(r, 50, 'all', true) },
  stop_process: { weight: 3, args: (r, known) => ({ session_id: sessionId(r, known) }) },
  wait: {
    weight: 7,
    args: (r, { cellIds = [] }) => ({
      cell_id: drawCellId(r, cellIds),
      ...maybe(r, 60, 'yield_time_ms', r.pick([0, 100, 5_000])),
      ...maybe(r, 35, 'terminate', r.chance(80)),
      ...maybe(r, 10, 'max_tokens', r.pick([0, 5])),
    }),
  },
};
const weights = Object.fromEntries(Object.entries(tools).map(([name, { weight }]) => [name, weight]));

/** Of 100 fleets: those whose models call some tools not at all and others again and again. */
const likesPercent = 30;

export function drawLikes(r: Random): ModelTemper['likes'] {
  if (!r.chance(likesPercent)) return undefined;
  return Object.fromEntries(
    Object.keys(tools).map((name) => [name, name === 'spawn_agent' ? 1 : r.pick([0, 1, 1, 5])]),
  );
}

const weightsOf = ({ likes }: ModelTemper) =>
  likes === undefined
    ? weights
    : Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, weight * (likes[name] ?? 1)]));

function broken(r: Random, args: Record<string, unknown>): unknown {
  if (r.chance(30)) return r.pick(absurd);
  if (r.chance(40)) return { ...args, [r.pick(['colour', 'constructor', 'target'])]: r.pick(absurd) };
  const key = r.pick([...Object.keys(args), 'target']);
  return { ...args, [key]: r.pick(absurd) };
}

function call(r: Random, known: Known, temper: ModelTemper): ModelItem {
  const id = r.chance(3) ? r.pick(badIds) : r.pick(ids);
  if (r.chance(temper.cells ?? 0)) return { exec: drawCell(r, (rr) => nested(rr, known)), id };
  if (r.chance(temper.absurd / 4))
    return { call: r.pick(['rm_rf', '', 'constructor', '__proto__']), id, args: r.pick(absurd) };
  const name = r.weighted(weightsOf(temper));
  const args = tools[name]!.args(r, known);
  if (r.chance(temper.absurd / 10)) return { call: name, id, args: {}, invalid: 'nothing to refer to' };
  return { call: name, id, args: r.chance(temper.absurd) ? broken(r, args) : args };
}

/** A call that a cell makes; `wait` is none of its tools. */
function nested(r: Random, known: Known): { readonly tool: string; readonly args: unknown } {
  const tool = r.weighted(weights);
  return { tool, args: tools[tool]!.args(r, known) };
}

/** A list without a call ends the turn. */
export function saysOf(r: Random, known: Known, temper: ModelTemper): ModelItem[] {
  if (r.chance(temper.ends)) return r.chance(20) ? [] : [{ say: text(r) }];
  const items: ModelItem[] = [];
  const calls = r.chance(65) ? 1 : r.between(2, 4);
  if (r.chance(20)) items.push({ say: 'thinking' });
  for (let i = 0; i < calls; i += 1) items.push(call(r, known, temper));
  return items;
}
