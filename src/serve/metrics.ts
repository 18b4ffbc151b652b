/** What a fleet is doing, in the text form of Prometheus: gauges from the state, counters and latencies since it was opened. */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { State } from '../../projections/state.ts';
import { allLive } from '../decide/leases.ts';
import type { Fleet } from '../fleet.ts';

/** Upper edges in seconds: a sync of a good disk takes a millisecond, of a bad one a hundred. */
const syncEdges = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

type Kind = 'gauge' | 'counter' | 'histogram';
type Sample = readonly [suffix: string, labels: Readonly<Record<string, string>>, value: number];

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function family(name: string, kind: Kind, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([suffix, labels, value]) => {
    const all = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    return `holdfast_${name}${suffix}${all.length === 0 ? '' : `{${all.join(',')}}`} ${value}`;
  });
  return [`# HELP holdfast_${name} ${help}`, `# TYPE holdfast_${name} ${kind}`, ...lines].join('\n');
}

const one = (name: string, kind: Kind, help: string, value: number): string =>
  family(name, kind, help, [['', {}, value]]);

export class Metrics {
  readonly #fleet: Fleet;
  readonly #syncs = syncEdges.map(() => 0);
  readonly #refusals = new Map<string, number>();
  #appends = 0;
  #events = 0;
  #syncSeconds = 0;
  #synced = 0;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    const { log } = fleet;
    const append = log.append.bind(log);
    log.append = async (batch) => {
      const began = performance.now();
      await append(batch);
      this.#sync((performance.now() - began) / 1000, batch.events.length);
    };
    fleet.follow((events) => this.#count(events));
  }

  #sync(seconds: number, events: number): void {
    this.#appends += 1;
    this.#events += events;
    this.#synced += 1;
    this.#syncSeconds += seconds;
    for (const [i, edge] of syncEdges.entries()) if (seconds <= edge) this.#syncs[i]! += 1;
  }

  #count(events: readonly HoldfastEvent[]): void {
    for (const { type, data } of events) {
      if (type !== 'SlotRefused' && type !== 'LimitRefused') continue;
      this.#refusals.set(data.limit, (this.#refusals.get(data.limit) ?? 0) + 1);
    }
  }

  /** Media type `text/plain; version=0.0.4`. */
  async text(): Promise<string> {
    const now = await this.#fleet.read(gauges);
    const refusals = [...this.#refusals].map(([limit, n]): Sample => ['', { limit }, n]);
    const buckets = syncEdges.map((edge, i): Sample => ['_bucket', { le: String(edge) }, this.#syncs[i]!]);
    return `${[
      ...now,
      one('appends_total', 'counter', 'Batches made durable since the fleet was opened.', this.#appends),
      one('events_total', 'counter', 'Events made durable since the fleet was opened.', this.#events),
      family('refusals_total', 'counter', 'Requests refused at a limit since the fleet was opened.', refusals),
      family('sync_seconds', 'histogram', 'From the append of a batch until it is durable.', [
        ...buckets,
        ['_bucket', { le: '+Inf' }, this.#synced],
        ['_sum', {}, this.#syncSeconds],
        ['_count', {}, this.#synced],
      ]),
    ].join('\n')}\n`;
  }
}

/** Who is what now, by status. */
function turnsBy(state: State): Sample[] {
  const turns = Object.values(state.turns);
  const parked = turns.filter((turn) => turn.parked !== undefined).length;
  return [
    ['', { is: 'running' }, turns.length - parked],
    ['', { is: 'parked' }, parked],
  ];
}

function gauges(state: State): string[] {
  const { limits } = state.fleet;
  const unread = Object.values(state.mail.inboxes).reduce((sum, inbox) => sum + inbox.unread.length, 0);
  const cells = Object.values(state.cells.count).reduce((sum, n) => sum + n, 0);
  const queued = Object.values(state.slots.trees).reduce((sum, tree) => sum + tree.queue.size, 0);
  return [
    one('log_position', 'gauge', 'Position of the newest event.', state.position),
    one('slots_held', 'gauge', 'Execution slots held, in all trees.', state.slots.held),
    one('slots_limit', 'gauge', 'Execution slots of each tree.', limits.activeTurns),
    one('queued', 'gauge', 'Turns and unparks that wait for a slot.', queued),
    family('turns', 'gauge', 'Turns in progress.', turnsBy(state)),
    one('residents', 'gauge', 'Sub-agents in memory.', state.residents.count),
    one('residents_limit', 'gauge', 'Sub-agents that may be in memory.', limits.residents),
    one('mail_unread', 'gauge', 'Mail that no turn has taken.', unread),
    one('processes_live', 'gauge', 'Processes that were requested and have no end.', allLive(state).length),
    one('cells_live', 'gauge', 'Cells without an end.', cells),
    one('clients', 'gauge', 'Clients that act as a root.', Object.keys(state.clients ?? {}).length),
  ];
}
