/** The picture of a running fleet: limits in use, the tree of agents with their status, the last event. A function of the state. */
import { openApprovals } from '../../../projections/approvals.ts';
import { isIn } from '../../../projections/order.ts';
import type { Agent, State } from '../../../projections/state.ts';
import { type Status, statusOf } from '../../../projections/status.ts';
import { cut, oneLine, pad, widthOf } from '../../words/line.ts';
import { nameIn } from '../../words/names.ts';
import type { Output } from '../output.ts';
import { questionLines } from './asking.ts';
import type { Line } from './screen.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Moment extends Size {
  readonly lastEvent: string;
  readonly elapsedMs: number;
  /** Whoever looks on can answer questions. */
  readonly answers?: boolean;
  /** Agent → what its model is saying. */
  readonly saying?: ReadonlyMap<string, string>;
}

type Colors = Output['colors'];

/** Title, limits and last event, and the row below that keeps the cursor. */
const framingRows = 4;
const nameColumnsMin = 8;
const nameColumnsMax = 36;
const statusColumns = 11;

/** What is shown first when not all agents fit: who does something, then who did something last. */
const urgency: Record<Status['is'], number> = {
  running: 0,
  waiting: 1,
  queued: 2,
  failed: 3,
  interrupted: 4,
  pending: 5,
  completed: 6,
  closed: 7,
};

const paint = (colors: Colors, is: Status['is']): ((text: string) => string) => {
  switch (is) {
    case 'running':
      return colors.green;
    case 'waiting':
      return colors.cyan;
    case 'queued':
      return colors.yellow;
    case 'failed':
      return colors.red;
    case 'interrupted':
      return colors.magenta;
    default:
      return colors.dim;
  }
};

const limitsLine = (state: State): string => {
  const { activeTurns, residents } = state.fleet.limits;
  const trees = state.roots
    .map((id) => ({ name: state.agents[id]!.name ?? '/root', tree: state.slots.trees[id] }))
    .map(({ name, tree }) => {
      const queued = tree?.queue.size ?? 0;
      const label = state.roots.length === 1 ? '' : `${oneLine(name)} `;
      return `${label}${tree?.heldCount ?? 0}/${activeTurns}${queued > 0 ? ` (+${queued} queued)` : ''}`;
    });
  const live = Object.values(state.processes.count).reduce((sum, n) => sum + n, 0);
  return `slots ${trees.join(', ')}   residents ${state.residents.count}/${residents}   processes ${live}`;
};

interface Seen {
  readonly agent: Agent;
  readonly status: Status;
}

interface Placed extends Seen {
  /** How many of its ancestors are shown. */
  readonly level: number;
  /** Its path below the nearest of them. */
  readonly label: string;
}

/** Parents before children, in order of spawning. */
function inTreeOrder(state: State, seen: readonly Seen[]): Placed[] {
  const byParent = new Map<string | undefined, Seen[]>();
  const shown = new Set(seen.map(({ agent }) => agent.agentId as string));
  for (const one of [...seen].sort((a, b) => a.agent.spawned - b.agent.spawned)) {
    let parent = one.agent.parentId as string | undefined;
    while (parent !== undefined && !shown.has(parent)) parent = state.agents[parent]?.parentId;
    const siblings = byParent.get(parent);
    if (siblings === undefined) byParent.set(parent, [one]);
    else siblings.push(one);
  }
  const placed: Placed[] = [];
  const visit = (parent: Agent | undefined, level: number): void => {
    for (const one of byParent.get(parent?.agentId) ?? []) {
      const label = parent === undefined ? rootLabel(state, one.agent) : one.agent.path.slice(parent.path.length + 1);
      placed.push({ ...one, level, label: oneLine(label) });
      visit(one.agent, level + 1);
    }
  };
  visit(undefined, 0);
  return placed;
}

const rootLabel = (state: State, agent: Agent): string => (state.roots.length > 1 ? nameIn(state, agent) : agent.path);

const indented = ({ level, label }: Placed): string => `${'  '.repeat(level)}${label}`;

/** The end of what is being said. */
function newest(text: string, columns: number): string {
  let from = Math.max(0, text.length - Math.max(0, columns - 4));
  while (from < text.length && widthOf(text.slice(from)) > columns - 4) from += 1;
  return from === 0 ? text : `… ${text.slice(from)}`;
}

function agentLine(state: State, placed: Placed, width: number, { columns, saying }: Moment, colors: Colors): Line {
  const { status } = placed;
  const { agentId } = placed.agent;
  const label = pad(cut(indented(placed), width), width);
  const is = pad(status.is, statusColumns);
  const where =
    state.residents.present[agentId] === undefined ? 'unloaded' : isIn(state.residents.idle, agentId) ? 'idle' : '';
  const room = Math.max(0, columns - 1 - width - statusColumns - 2);
  const said = saying?.get(agentId);
  const what = said === undefined ? oneLine(status.what ?? '') : newest(oneLine(said), room - where.length);
  const rest = cut([where, what].filter((part) => part !== '').join('  '), room);
  const plain = cut(`${label}  ${is}${rest}`, columns - 1);
  // Colours only where nothing was cut through.
  return plain === `${label}  ${is}${rest}`
    ? { plain, shown: `${label}  ${paint(colors, status.is)(is)}${colors.dim(rest)}` }
    : { plain, shown: plain };
}

const clock = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;

export function picture(state: State, at: Moment, colors: Colors): Line[] {
  const { columns, rows } = at;
  const line = (plain: string, color = (text: string) => text): Line => {
    const kept = cut(plain, columns - 1);
    return { plain: kept, shown: color(kept) };
  };
  const all = Object.values(state.agents)
    .filter(({ last }) => last.is !== 'closed')
    .map((agent) => ({ agent, status: statusOf(state, agent) }));
  const open = at.answers === true ? openApprovals(state) : [];
  const asker = open.length === 0 ? '' : nameIn(state, state.agents[open[0]!.agentId]!);
  const questions = questionLines(open, asker).map((text) => line(text, colors.yellow));
  const room = Math.max(1, rows - framingRows - questions.length);
  let shown: Seen[] = all;
  let left: Seen[] = [];
  if (all.length > room) {
    const sorted = [...all].sort(
      (a, b) =>
        Number(b.agent.depth === 0) - Number(a.agent.depth === 0) ||
        urgency[a.status.is] - urgency[b.status.is] ||
        b.status.position - a.status.position,
    );
    shown = sorted.slice(0, room - 1);
    left = sorted.slice(room - 1);
  }
  const ordered = inTreeOrder(state, shown);
  const widest = ordered.reduce((most, one) => Math.max(most, widthOf(indented(one))), nameColumnsMin);
  const width = Math.min(nameColumnsMax, Math.max(nameColumnsMin, Math.floor(columns / 2)), widest);
  return [
    line(`holdfast  ${clock(at.elapsedMs)}  ${all.length} agents  event ${state.position}`, colors.bold),
    line(limitsLine(state)),
    ...ordered.map((one) => agentLine(state, one, width, at, colors)),
    ...(left.length > 0 ? [line(`and ${left.length} more${tally(left)}`, colors.dim)] : []),
    line(at.lastEvent, colors.dim),
    ...questions,
  ].slice(0, Math.max(1, rows - 1));
}

function tally(seen: readonly Seen[]): string {
  const counts = new Map<string, number>();
  for (const { status } of seen) counts.set(status.is, (counts.get(status.is) ?? 0) + 1);
  return ` (${[...counts].map(([is, n]) => `${n} ${is}`).join(', ')})`;
}
