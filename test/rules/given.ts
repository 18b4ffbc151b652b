/**
 * A fleet on paper: a plain state folded from facts through the engine's own `Assembly`, with a clock that stands still
 * and ids that count. Given what happened, when something is asked, then these events follow; the invariants that every
 * prefix of a log keeps are checked after each batch.
 */
import type { EventOf, EventType, HoldfastEvent, HoldfastFact } from '../../events/catalogue.ts';
import type { FleetFile, LimitsGiven } from '../../events/fleetFile.ts';
import { defaultLimits } from '../../events/limits.ts';
import type { Item, Outcome } from '../../events/turn.ts';
import { apply } from '../../projections/apply.ts';
import { type Agent, emptyState, type State, type Turn } from '../../projections/state.ts';
import { type Status, statusOf } from '../../projections/status.ts';
import type { Command, RootGiven } from '../../src/decide/command.ts';
import { decide } from '../../src/decide/decide.ts';
import type { Context, NewAgent, Refusal } from '../../src/decide/decision.ts';
import { findForOperator } from '../../src/decide/paths.ts';
import { Assembly } from '../../src/engine/assemble.ts';
import { undecided } from '../../src/engine/react.ts';
import { broken } from './broken.ts';

export type Given = Partial<Omit<FleetFile, 'roots' | 'limits'>> & {
  readonly limits?: LimitsGiven;
  readonly roots?: readonly RootGiven[];
};

/** What one request led to: the events of its batch, and the answer or the refusal. */
export interface Then {
  readonly events: readonly HoldfastEvent[];
  readonly answer?: unknown;
  readonly refusal?: Refusal;
}

/** A call, and what its model reads of it; `outcome` is undefined while the call is open. */
export interface Called extends Then {
  readonly id: string;
  readonly outcome?: Outcome;
  readonly text?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** 2026-11-20, in ms since 1970. */
const opened = 1_795_171_880_000;
const machine = { bootId: 'boot-1', pid: 4711, version: '0.0.0' };

const isLog = (given: Given | readonly HoldfastEvent[]): given is readonly HoldfastEvent[] => Array.isArray(given);

export class PaperFleet {
  readonly state: State = emptyState(defaultLimits);
  readonly events: HoldfastEvent[] = [];
  now = opened;
  #epoch = 1;
  #ids = 0;
  #calls = 0;

  /** A fleet that is to be opened, or a log that is to be gone on with. */
  constructor(given: Given | readonly HoldfastEvent[]) {
    if (isLog(given)) {
      for (const event of given) apply(this.state, event);
      this.events.push(...given);
      this.#epoch = this.state.epoch;
      this.now = Math.max(this.now, this.state.at);
      // Ids of this life are none of those before.
      this.#ids = given.length * 16;
      return;
    }
    const { limits, roots = [{ prompt: 'Check the build' }], ...file } = given;
    this.ask({
      do: 'open',
      fleetId: 'fleet-1',
      cwd: '/work',
      file: { models: { script: { kind: 'script' } }, ...file, roots, ...(limits !== undefined && { limits }) },
      ...machine,
    });
  }

  readonly #context = (by: string): Context => ({
    at: this.now,
    by,
    hostId: 'host-1',
    id: <T extends string>() => {
      this.#ids += 1;
      return `00000000-0000-7000-8000-${this.#ids.toString(16).padStart(12, '0')}` as T;
    },
  });

  /** One decision, one batch; the calls of a list that it brings are decided in batches of their own. */
  ask(command: Command, by = 'operator'): Then {
    const then = this.#one(command, by);
    const open = undecided(this.state, then.events);
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      const agentId =
        'cellId' in next
          ? this.state.cells.all[next.cellId]?.agentId
          : this.state.turns[(next as { turnId: string }).turnId]?.agentId;
      open.push(...undecided(this.state, this.#one(next, `agent:${agentId}`).events));
    }
    return then;
  }

  #one(command: Command, by: string): Then {
    const decision = decide(this.state, this.#context(by), command);
    if (decision._tag === 'Left') return { events: this.#land(decision.left.facts, by), refusal: decision.left };
    const { facts, answer, birth } = decision.right;
    return { events: this.#land(facts, by, birth), answer };
  }

  /** Facts that no decision of ours makes, as a log of another life may hold them. */
  happened(...facts: readonly HoldfastFact[]): readonly HoldfastEvent[] {
    return this.#land(facts, 'engine');
  }

  #land(facts: readonly HoldfastFact[], by: string, birth?: NewAgent): readonly HoldfastEvent[] {
    const assembly = new Assembly(this.state, this.#context(by), { epoch: this.#epoch, by, cause: 0 });
    assembly.settle(facts, birth);
    assembly.close();
    this.events.push(...assembly.events);
    const faults = broken(this.state, assembly.events);
    if (faults.length > 0) throw new Error(`${faults.join('; ')} after ${assembly.events.map((e) => e.type)}`);
    return assembly.events;
  }

  /** The model of an agent answers with these items. */
  sampled(path: string, items: readonly Item[]): Then {
    return this.ask(
      { do: 'sampled', turnId: this.turn(path).turnId, n: this.agent(path).samplings + 1, items },
      this.by(path),
    );
  }

  /** Its final answer. */
  say(path: string, text = 'done'): Then {
    return this.sampled(path, [{ say: text }]);
  }

  fail(path: string, error: string, retryable = false): Then {
    const { turnId } = this.turn(path);
    return this.ask({ do: 'samplingFailed', turnId, n: this.agent(path).samplings + 1, error, retryable }, 'engine');
  }

  /** Its history is too long, and it answers with a summary. */
  compact(path: string, summary: string): Then {
    const { turnId } = this.turn(path);
    const n = () => this.agent(path).samplings + 1;
    this.ask({ do: 'samplingFailed', turnId, n: n(), error: 'too long', retryable: false, overflow: true }, 'engine');
    return this.ask({ do: 'compacted', turnId, n: n(), summary }, this.by(path));
  }

  /** One list of calls, decided one after the other. */
  calls(path: string, ...calls: readonly (readonly [tool: string, args: object])[]): Called[] {
    const { turnId } = this.turn(path);
    const items = calls.map(([call, args]) => ({ call, args, id: `c${++this.#calls}` }));
    const from = this.events.length;
    this.sampled(path, items);
    const since = this.events.slice(from);
    return items.map(({ id }) => {
      const started = since.find(
        (e) => e.type === 'ToolCallStarted' && e.data.turnId === turnId && e.data.callId === id,
      );
      const events = since.filter((e) => e.batch === started?.batch);
      return { id, events, ...this.result(id) };
    });
  }

  call(path: string, tool: string, args: object): Called {
    return this.calls(path, [tool, args])[0]!;
  }

  /** The recorded end of a call. */
  result(id: string): Pick<Called, 'outcome' | 'text' | 'fields'> {
    const end = this.events.findLast((e) => e.type === 'ToolCallEnded' && e.data.callId === id) as
      | EventOf<'ToolCallEnded'>
      | undefined;
    if (end === undefined) return {};
    const { outcome, output } = end.data;
    return { outcome, text: output.text as string, ...(output.fields !== undefined && { fields: output.fields }) };
  }

  /** A child that runs, without the history of its parent. */
  spawn(path: string, name: string, more: object = {}): Called {
    return this.call(path, 'spawn_agent', { task_name: name, message: `do ${name}`, fork_turns: 'none', ...more });
  }

  followup(target: string, text = 'go on'): Then {
    return this.ask({ do: 'send', target, text, followup: true });
  }

  interrupt(target: string, cascade = false): Then {
    return this.ask({ do: 'interrupt', target, cascade });
  }

  close(target: string): Then {
    return this.ask({ do: 'close', target });
  }

  limits(limits: LimitsGiven): Then {
    return this.ask({ do: 'changeLimits', limits });
  }

  /** The engine is gone without a word, and another one opens the log. */
  crash(): Then {
    this.#epoch += 1;
    return this.ask({ do: 'start', ...machine }, 'engine');
  }

  /** An open agent: `/root/a`, or `NAME:/root/a` where there are several roots. */
  agent(path: string): Agent {
    const found = findForOperator(this.state, path);
    if (found._tag === 'Left') throw new Error(found.left.message);
    return found.right;
  }

  id(path: string): Agent['agentId'] {
    return this.agent(path).agentId;
  }

  by(path: string): string {
    return `agent:${this.id(path)}`;
  }

  turn(path: string): Turn {
    const { turnId } = this.agent(path);
    if (turnId === undefined) throw new Error(`${path} has no turn`);
    return this.state.turns[turnId]!;
  }

  runs(path: string): boolean {
    return this.agent(path).turnId !== undefined;
  }

  status(path: string): Status['is'] {
    return statusOf(this.state, this.agent(path)).is;
  }

  resident(path: string): boolean {
    return this.state.residents.present[this.id(path)] !== undefined;
  }

  /** Texts of the unread mail. */
  unread(path: string): string[] {
    const { letters, inboxes } = this.state.mail;
    return (inboxes[this.id(path)]?.unread ?? []).map((id) => letters[id]!.text as string);
  }

  /** Texts that the newest turn of an agent has taken, in order. */
  taken(path: string): string[] {
    const { turnId } = this.turn(path);
    const texts = new Map(this.of('MailAccepted').map((e) => [e.data.mailId, e.data.text as string]));
    return this.of('MailConsumed').flatMap((e) => (e.data.turnId === turnId ? texts.get(e.data.mailId)! : []));
  }

  held(path = '/root'): number {
    return this.state.slots.trees[this.agent(path).rootId]!.heldCount;
  }

  queued(path = '/root'): string[] {
    const { queue, entries } = this.state.slots.trees[this.agent(path).rootId]!;
    const paths: string[] = [];
    for (let id = queue.first; id !== undefined; id = queue.links[id]?.next)
      paths.push(this.state.agents[entries[id]!.agentId]!.path);
    return paths;
  }

  /** All events of one type so far. */
  of<K extends EventType>(type: K): EventOf<K>[] {
    return this.events.filter((e): e is EventOf<K> & HoldfastEvent => e.type === type);
  }

  /** Position of the newest event: what is compared to see that nothing happened. */
  get position(): number {
    return this.state.position;
  }
}

export const fleet = (given: Given = {}): PaperFleet => new PaperFleet(given);

/** Types of a batch, in order. */
export const types = ({ events }: Pick<Then, 'events'>): EventType[] => events.map((e) => e.type);

/** The events of one type in a batch. */
export const of = <K extends EventType>({ events }: Pick<Then, 'events'>, type: K): EventOf<K>[] =>
  events.filter((e): e is EventOf<K> & HoldfastEvent => e.type === type);
