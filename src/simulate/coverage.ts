/** What histories have reached: kinds of events, each with its reason or outcome, and statuses of agents. */
import { eventTypes, type HoldfastEvent } from '../../events/catalogue.ts';
import { judged } from './check/violation.ts';

export interface Coverage {
  /** Event types seen, how often, by name. */
  readonly events: Readonly<Record<string, number>>;
  /** Event types that were never seen. */
  readonly missing: readonly string[];
  /** Types with what tells one from another: `TurnQueued unpark`, `ToolCallEnded refused` … */
  readonly kinds: number;
  /** Ids of the invariants and rules that something was held against. */
  readonly promises: readonly string[];
  /** Statuses that agents had, how often they entered them. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** The event by which an agent comes into a status. */
const statusBy: Readonly<Record<string, string>> = {
  AgentSpawned: 'pending',
  TurnQueued: 'queued',
  TurnStarted: 'running',
  TurnUnparked: 'running',
  TurnParked: 'waiting',
  TurnCompleted: 'completed',
  TurnFailed: 'failed',
  TurnInterrupted: 'interrupted',
  AgentClosed: 'closed',
};

/** Fields that have few values, each of them another case. */
const telling = ['reason', 'purpose', 'outcome', 'kind', 'limit', 'how', 'place'] as const;

function kindOf({ type, data }: HoldfastEvent): string {
  const fields = data as Readonly<Record<string, unknown>>;
  const words = telling.flatMap((field) => (isWord(fields[field]) ? [fields[field]] : []));
  return [type, ...words].join(' ');
}

const isWord = (value: unknown): value is string => typeof value === 'string' && /^[a-z-]{1,24}$/.test(value);

/** No fleet of ours lives these: they tell of the rollouts of other tools. */
const imported = new Set<string>(['SourceFound', 'SourceRead', 'DefectFound', 'RecordKept', 'UsageRecorded']);

export class Reached {
  readonly #events = new Map<string, number>();
  readonly #kinds = new Set<string>();
  readonly #statuses = new Map<string, number>();
  /** Faults that the world made and the log tells of: failed samplings, failed launches, lost processes, objects that cling. */
  faults = 0;

  add(events: readonly HoldfastEvent[]): void {
    for (const event of events) {
      count(this.#events, event.type);
      this.#kinds.add(kindOf(event));
      const status = statusBy[event.type];
      if (status !== undefined) count(this.#statuses, status);
      if (isFault(event)) this.faults += 1;
    }
  }

  get coverage(): Coverage {
    return {
      events: sorted(this.#events),
      missing: eventTypes.filter((type) => !this.#events.has(type) && !imported.has(type)),
      kinds: this.#kinds.size,
      promises: [...judged].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
      statuses: sorted(this.#statuses),
    };
  }
}

function isFault({ type, data }: HoldfastEvent): boolean {
  if (type === 'SamplingEnded') return data.outcome === 'failed';
  return type === 'ProcessLaunchFailed' || type === 'ProcessLost' || type === 'UnloadAbandoned';
}

const count = (map: Map<string, number>, key: string): void => {
  map.set(key, (map.get(key) ?? 0) + 1);
};

const sorted = (map: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
