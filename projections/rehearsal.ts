/**
 * A log rehearsed under another policy: the same demand for slots and memory in the same order, and what would have been
 * refused, evicted and loaded again. What a refused agent would have done is not in any log, so nothing more is asked for it.
 */
import type { HoldfastEvent } from '../events/catalogue.ts';
import type { LimitsNow } from '../events/fleet.ts';
import { type MemoryCounts, MemoryRehearsal, optimum, type Use, type Uses } from './memoryRehearsal.ts';
import type { Policy } from './policy.ts';
import { SlotRehearsal } from './slotRehearsal.ts';

/** One step of the slots of one tree. */
export interface Step {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly position: number;
  readonly is: 'reserved' | 'committed' | 'refused' | 'released';
  /** Absent: somebody who never came to be. */
  readonly agentId?: string;
  readonly rootId: string;
  /** Slots held in the tree afterwards. */
  readonly held: number;
}

export interface Rehearsed {
  readonly policy: string;
  readonly recorded: { readonly refusals: number; readonly evictions: number; readonly reloads: number };
  readonly rehearsed: {
    readonly refusals: number;
    readonly evictions: number;
    readonly reloads: number;
    readonly slotsMost: number;
  };
  /** Belady's: the fewest that any order of eviction could do with. */
  readonly optimum: { readonly evictions: number; readonly reloads: number };
  /** Turns that would not have run, and requests refused in life that would have been admitted. */
  readonly lostTurns: number;
  readonly admitted: number;
}

/** When something happened: imported events know better than their envelope. */
const timeOf = (event: HoldfastEvent): number => event.data.imported?.at ?? event.at;

export class Rehearsal {
  readonly #policy: Policy;
  readonly #slots: SlotRehearsal;
  readonly #onStep: (step: Step) => void;
  /** Sub-agent → its root. */
  readonly #trees = new Map<string, string>();
  readonly #started = new Set<string>();
  readonly #denied = new Set<string>();
  /** Turns that would run → who runs them. */
  readonly #turns = new Map<string, string>();
  readonly #running = new Set<string>();
  /** Uses of memory by tree, or of all. */
  readonly #uses = new Map<string, Uses[number][]>();
  /** Spawn calls without an end: when they were made, by position and by call. */
  readonly #asked = new Map<number, number>();
  readonly #calls = new Map<string, number>();
  readonly #loaded = new Set<string>();
  readonly #recorded = { refusals: 0, evictions: 0, reloads: 0 };
  #refusals = 0;
  #lostTurns = 0;
  #admitted = 0;

  constructor(policy: Policy, onStep: (step: Step) => void = () => {}) {
    this.#policy = policy;
    this.#slots = new SlotRehearsal(policy.slots);
    this.#onStep = onStep;
  }

  apply(event: HoldfastEvent): void {
    switch (event.type) {
      case 'AgentSpawned':
        if (event.data.parentId !== undefined) this.#spawn(event, event.data.agentId, event.data.rootId);
        return;
      case 'AgentClosed': {
        const { agentId } = event.data;
        if (this.#policy.held === 'agent') this.#release(event, agentId, agentId);
        this.#remember(agentId, 'close');
        return;
      }
      case 'ToolCallStarted':
        if (event.data.tool !== 'spawn_agent') return;
        this.#asked.set(event.position, timeOf(event));
        this.#calls.set(`${event.data.turnId}/${event.data.callId}`, event.position);
        return;
      case 'ToolCallEnded': {
        const call = `${event.data.turnId}/${event.data.callId}`;
        const position = this.#calls.get(call);
        if (position === undefined) return;
        this.#calls.delete(call);
        this.#asked.delete(position);
        return;
      }
      case 'TurnStarted':
        this.#start(event, event.data.agentId, event.data.turnId);
        return;
      case 'TurnUnparked':
        if (this.#turns.has(event.data.turnId)) this.#goOn(event.data.agentId, event.data.turnId);
        return;
      case 'TurnParked':
      case 'TurnCompleted':
      case 'TurnFailed':
      case 'TurnInterrupted':
        this.#rest(event, event.data.agentId, event.data.turnId);
        return;
      case 'MailAccepted':
        this.#remember(event.data.to, 'touch');
        return;
      case 'EngineStarted':
        for (const uses of this.#uses.values()) uses.push('restart');
        return;
      case 'LimitsChanged':
        this.#follow(event.data.limits);
        return;
      case 'AgentLoaded':
        if (this.#loaded.has(event.data.agentId)) this.#recorded.reloads += 1;
        this.#loaded.add(event.data.agentId);
        this.#load(event.data.agentId, event.data.reason);
        return;
      case 'AgentEvicted':
        this.#recorded.evictions += 1;
        return;
      case 'SlotRefused':
        this.#refusedInLife(event);
        return;
      default:
    }
  }

  result(): Rehearsed {
    const { residents, eviction } = this.#policy;
    const rehearsed = sum([...this.#uses.values()].map((uses) => new MemoryRehearsal(residents, eviction).live(uses)));
    const best =
      eviction === 'never' ? rehearsed : sum([...this.#uses.values()].map((uses) => optimum(uses, residents)));
    return {
      policy: this.#policy.name,
      recorded: { ...this.#recorded },
      rehearsed: {
        refusals: this.#refusals,
        evictions: rehearsed.evictions,
        reloads: rehearsed.reloads,
        slotsMost: this.#slots.most,
      },
      optimum: { evictions: best.evictions, reloads: best.reloads },
      lostTurns: this.#lostTurns,
      admitted: this.#admitted,
    };
  }

  #step(event: HoldfastEvent, is: Step['is'], rootId: string, agentId?: string, at = timeOf(event)): void {
    const held = this.#slots.held(rootId);
    this.#onStep({ at, position: event.position, is, rootId, held, ...(agentId !== undefined && { agentId }) });
  }

  /** When the call was made that led to this event, as far as the log tells. */
  #askedAt(event: HoldfastEvent): number {
    return this.#asked.get(event.cause) ?? timeOf(event);
  }

  #take(event: HoldfastEvent, agentId: string, holder: string): boolean {
    const rootId = this.#trees.get(agentId)!;
    if (!this.#slots.hasRoom(rootId)) {
      this.#refusals += 1;
      this.#step(event, 'refused', rootId, agentId);
      return false;
    }
    this.#slots.take(rootId, holder);
    this.#step(event, 'reserved', rootId, agentId, this.#askedAt(event));
    this.#step(event, 'committed', rootId, agentId);
    return true;
  }

  #release(event: HoldfastEvent, agentId: string, holder: string): void {
    const rootId = this.#trees.get(agentId);
    if (rootId !== undefined && this.#slots.give(rootId, holder)) this.#step(event, 'released', rootId, agentId);
  }

  #spawn(event: HoldfastEvent, agentId: string, rootId: string): void {
    this.#trees.set(agentId, rootId);
    if (this.#policy.held === 'agent' && !this.#take(event, agentId, agentId)) this.#denied.add(agentId);
  }

  #start(event: HoldfastEvent, agentId: string, turnId: string): void {
    const isFirst = !this.#started.has(agentId);
    this.#started.add(agentId);
    if (!this.#trees.has(agentId)) return;
    if (this.#denied.has(agentId)) this.#lostTurns += 1;
    else if (this.#policy.held === 'turn' && !this.#take(event, agentId, turnId)) {
      this.#lostTurns += 1;
      if (isFirst) this.#denied.add(agentId);
    } else {
      this.#turns.set(turnId, agentId);
      this.#running.add(agentId);
      this.#remember(agentId, 'start');
    }
  }

  #goOn(agentId: string, turnId: string): void {
    const rootId = this.#trees.get(agentId)!;
    if (this.#policy.held === 'turn') this.#slots.take(rootId, turnId);
    this.#running.add(agentId);
    this.#remember(agentId, 'start');
  }

  #rest(event: HoldfastEvent, agentId: string, turnId: string): void {
    if (!this.#turns.has(turnId)) return;
    if (event.type !== 'TurnParked') this.#turns.delete(turnId);
    if (this.#policy.held === 'turn') this.#release(event, agentId, turnId);
    this.#running.delete(agentId);
    this.#remember(agentId, 'rest');
  }

  /** Loads that no turn of this log asks for: after a restart, and for whoever looks at an agent. */
  #load(agentId: string, reason: string): void {
    if (reason === 'resumed') this.#remember(agentId, 'start');
    if ((reason !== 'attached' && reason !== 'operator') || this.#running.has(agentId)) return;
    this.#remember(agentId, 'start');
    this.#remember(agentId, 'rest');
  }

  #refusedInLife(event: HoldfastEvent & { readonly type: 'SlotRefused' }): void {
    const { rootId, agentId } = event.data;
    this.#recorded.refusals += 1;
    if (this.#slots.hasRoom(rootId)) {
      this.#admitted += 1;
      return;
    }
    this.#refusals += 1;
    this.#step(event, 'refused', rootId, agentId);
  }

  #remember(agentId: string, use: Use): void {
    const rootId = this.#trees.get(agentId);
    if (rootId === undefined || this.#denied.has(agentId)) return;
    this.#usesOf(this.#policy.memoryOf === 'tree' ? rootId : '').push([agentId, use]);
  }

  #usesOf(tree: string): Uses[number][] {
    let uses = this.#uses.get(tree);
    if (uses === undefined) this.#uses.set(tree, (uses = []));
    return uses;
  }

  /** What the policy does not name is as it was, also where it was changed. */
  #follow({ activeTurns, residents }: LimitsNow): void {
    const { follows } = this.#policy;
    if (activeTurns !== undefined && follows.includes('activeTurns')) this.#slots.slots = activeTurns;
    if (residents !== undefined && follows.includes('residents')) this.#usesOf('').push({ capacity: residents });
  }
}

const sum = (all: readonly MemoryCounts[]): MemoryCounts =>
  all.reduce(
    (a, b) => ({ loads: a.loads + b.loads, reloads: a.reloads + b.reloads, evictions: a.evictions + b.evictions }),
    { loads: 0, reloads: 0, evictions: 0 },
  );
