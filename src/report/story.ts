/** A log as people look at it: what each agent was doing over time, slots held, refusals, and when no engine ran. */
import { agentsOf, type HoldfastEvent } from '../../events/catalogue.ts';
import { defaultLimits } from '../../events/limits.ts';
import { apply } from '../../projections/apply.ts';
import { emptyState, type State } from '../../projections/state.ts';
import { type Status, statusOf } from '../../projections/status.ts';
import { decoded } from '../engine/fold.ts';
import type { LogReader } from '../log/port.ts';

/** A stretch of time in which nothing about an agent changed. Times in ms since 1970. */
export interface Segment {
  readonly from: number;
  to: number;
  readonly is: Status['is'];
  readonly what?: string;
  readonly resident: boolean;
  readonly holdsSlot: boolean;
  /** The batch that began it: position of its last event. */
  readonly position: number;
}

export interface Lane {
  readonly agentId: string;
  readonly path: string;
  readonly root: string;
  readonly depth: number;
  readonly segments: Segment[];
}

/** Slots of one root's tree, from `at` on. */
export interface Load {
  readonly at: number;
  readonly held: number;
  readonly queued: number;
  readonly activeTurns: number;
}

export interface Refused {
  readonly at: number;
  readonly position: number;
  readonly type: 'SlotRefused' | 'LimitRefused';
  readonly who: string;
  readonly limit: string;
  readonly number: number;
  readonly holders: readonly string[];
}

export interface Story {
  readonly fleetId: string;
  readonly events: number;
  readonly from: number;
  readonly to: number;
  /** Each tree as it grew: an agent, then its children in the order in which they came. */
  readonly lanes: readonly Lane[];
  /** By root name. */
  readonly loads: ReadonlyMap<string, readonly Load[]>;
  readonly refusals: readonly Refused[];
  /** Between the last event of one life and the first of the next. */
  readonly downs: readonly { readonly from: number; readonly to: number }[];
  readonly state: State;
}

class Teller {
  readonly state = emptyState(defaultLimits);
  readonly lanes = new Map<string, Lane>();
  readonly loads = new Map<string, Load[]>();
  readonly refusals: Refused[] = [];
  readonly downs: { from: number; to: number }[] = [];
  readonly #touched = new Set<string>();
  from = 0;

  hear(event: HoldfastEvent): void {
    const before = this.state.at;
    if (this.state.position === 0) this.from = event.at;
    if (event.type === 'EngineStarted' && before > 0 && event.at > before) this.#pause(before, event.at);
    apply(this.state, event);
    for (const agentId of agentsOf(event)) this.#touched.add(agentId);
    if (event.type === 'EngineStarted') for (const agentId of this.lanes.keys()) this.#touched.add(agentId);
    if (event.type === 'SlotRefused' || event.type === 'LimitRefused') this.#refused(event);
    if (event.index === event.of - 1) this.#look();
  }

  #look(): void {
    for (const agentId of this.#touched) this.#follow(agentId);
    this.#touched.clear();
    for (const rootId of this.state.roots) this.#count(rootId);
  }

  #follow(agentId: string): void {
    const { state } = this;
    const agent = state.agents[agentId];
    if (agent === undefined) return;
    const root = state.agents[agent.rootId]?.name ?? 'root';
    let lane = this.lanes.get(agentId);
    if (lane === undefined)
      this.lanes.set(agentId, (lane = { agentId, path: agent.path, root, depth: agent.depth, segments: [] }));
    const { is, what } = statusOf(state, agent);
    const resident = state.residents.present[agentId] !== undefined;
    const turn = agent.turnId === undefined ? undefined : state.turns[agent.turnId];
    const holdsSlot = turn?.reservationId !== undefined && turn.parked === undefined;
    const last = lane.segments.at(-1);
    if (last !== undefined) {
      last.to = state.at;
      if (last.is === is && last.what === what && last.resident === resident && last.holdsSlot === holdsSlot) return;
    }
    const { at, position } = state;
    const named = what === undefined ? {} : { what };
    lane.segments.push({ from: at, to: at, is, ...named, resident, holdsSlot, position });
  }

  #count(rootId: string): void {
    const tree = this.state.slots.trees[rootId];
    const name = this.state.agents[rootId]?.name ?? 'root';
    const { activeTurns } = this.state.fleet.limits;
    const held = tree?.heldCount ?? 0;
    const queued = Object.keys(tree?.entries ?? {}).length;
    const loads = this.loads.get(name) ?? [];
    const last = loads.at(-1);
    if (last !== undefined && last.held === held && last.queued === queued && last.activeTurns === activeTurns) return;
    loads.push({ at: this.state.at, held, queued, activeTurns });
    this.loads.set(name, loads);
  }

  #pause(from: number, to: number): void {
    this.downs.push({ from, to });
    for (const { segments } of this.lanes.values()) segments.at(-1)!.to = from;
  }

  #refused(event: Extract<HoldfastEvent, { type: Refused['type'] }>): void {
    const { at, position, type, by } = event;
    const data = event.data as {
      readonly agentId?: string;
      readonly path?: string;
      readonly limit: string;
      readonly number: number;
      readonly holders?: readonly { readonly agentId?: string }[];
    };
    const nameOf = (agentId: string) => this.state.agents[agentId]?.path ?? agentId;
    const asking = data.agentId ?? (by.startsWith('agent:') ? by.slice('agent:'.length) : undefined);
    const who = data.path ?? (asking === undefined ? 'a new agent' : nameOf(asking));
    const holders = (data.holders ?? []).flatMap(({ agentId }) => (agentId === undefined ? [] : [nameOf(agentId)]));
    this.refusals.push({ at, position, type, who, limit: data.limit, number: data.number, holders });
  }

  story(): Story {
    const { state, from, loads, refusals, downs } = this;
    const { at: to, position: events } = state;
    // Nobody has heard of a closed agent again: its time is over. All others go on to the end.
    for (const { segments } of this.lanes.values()) {
      const last = segments.at(-1)!;
      if (last.is !== 'closed') last.to = to;
    }
    const children = new Map<string, Lane[]>();
    for (const lane of this.lanes.values()) {
      const parentId = state.agents[lane.agentId]!.parentId ?? '';
      const siblings = children.get(parentId);
      if (siblings === undefined) children.set(parentId, [lane]);
      else siblings.push(lane);
    }
    const below = (parentId: string): Lane[] =>
      (children.get(parentId) ?? []).flatMap((lane) => [lane, ...below(lane.agentId)]);
    const lanes = below('');
    return { fleetId: state.fleet.fleetId, events, from, to, lanes, loads, refusals, downs, state };
  }
}

export async function storyOf(log: LogReader, to?: number): Promise<Story> {
  const teller = new Teller();
  for await (const page of log.read(to === undefined ? {} : { to }))
    for (const event of page) teller.hear(decoded(event));
  return teller.story();
}
