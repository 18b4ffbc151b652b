/**
 * Bookkeeping of a log from its events alone, without the projections that it checks: what holds at every position
 * (invariants I1–I10), and what has to be settled when a fleet of one root is finished. Faults are sentences; none means sound.
 */
import type { EventOf, EventType, HoldfastEvent } from '../../events/catalogue.ts';

interface Slot {
  readonly agentId: string;
  turnId?: string;
}

interface Letter {
  readonly to: string;
  readonly position: number;
  state: 'unread' | 'consumed' | 'rejected';
}

interface Turn {
  readonly agentId: string;
  readonly sub: boolean;
  parked: boolean;
  readonly open: Set<string>;
}

type Process = 'requested' | 'started' | 'ended';

type Books = { readonly [T in EventType]?: (event: EventOf<T>) => void };

export class Accounts {
  readonly faults: string[] = [];
  /** Most slots that were held at once. */
  slotsMost = 0;
  readonly paths = new Map<string, string>();
  /** How often each mail was taken by a turn and kept. */
  readonly letters = new Map<string, Letter>();
  readonly turns = new Map<string, Turn>();
  readonly slots = new Map<string, Slot>();
  readonly #released = new Set<string>();
  readonly #parents = new Map<string, string | undefined>();
  readonly #openPaths = new Map<string, string>();
  readonly #residents = new Set<string>();
  readonly #consumedUpTo = new Map<string, number>();
  readonly #processes = new Map<number, Process>();
  readonly #completions = new Map<string, number>();
  readonly #streams = new Map<string, number>();
  readonly #limits = { activeTurns: 0, residents: 0 };
  #batch: HoldfastEvent[] = [];
  #last: HoldfastEvent | undefined;

  add(events: readonly HoldfastEvent[]): this {
    for (const event of events) this.#one(event);
    return this;
  }

  /** What is not settled although nothing runs any more. */
  finished(): string[] {
    return [
      ...[...this.slots.values()].map(({ agentId }) => `a slot is still held by ${this.#path(agentId)}`),
      ...[...this.turns.values()].map(({ agentId }) => `a turn of ${this.#path(agentId)} has no end`),
      ...[...this.#processes].filter(([, is]) => is !== 'ended').map(([id]) => `process ${id} has no end`),
      ...[...this.letters.values()]
        .filter(({ state, to }) => state === 'unread' && this.#openPaths.has(this.#key(to)))
        .map(({ to, position }) => `mail ${position} to ${this.#path(to)} was never read`),
    ];
  }

  #path(agentId: string): string {
    return this.paths.get(agentId) ?? agentId;
  }

  #key(agentId: string): string {
    return `${agentId} ${this.#path(agentId)}`;
  }

  #check(holds: boolean, fault: string): void {
    if (!holds) this.faults.push(`${this.#last?.position} ${this.#last?.type}: ${fault}`);
  }

  #one(event: HoldfastEvent): void {
    const before = this.#last;
    this.#last = event;
    this.#check(event.position === (before?.position ?? 0) + 1, 'I1: positions have a hole');
    this.#check(event.batch + event.index === event.position && event.index < event.of, 'I1: wrong place in its batch');
    this.#check(event.streamVersion === (this.#streams.get(event.stream) ?? 0) + 1, 'I1: its stream has a hole');
    this.#check(before === undefined || (event.at >= before.at && event.epoch >= before.epoch), 'I1: time went back');
    this.#check(event.cause < event.position, 'I1: its cause comes after it');
    this.#streams.set(event.stream, event.streamVersion);
    this.#batch.push(event);
    (this.#books[event.type] as ((event: HoldfastEvent) => void) | undefined)?.(event);
    this.slotsMost = Math.max(this.slotsMost, this.slots.size);
    this.#check(this.slots.size <= this.#limits.activeTurns, `I3: ${this.slots.size} slots are held`);
    if (event.index + 1 === event.of) this.#endBatch();
  }

  #endBatch(): void {
    const batch = this.#batch;
    this.#batch = [];
    const held = new Set([...this.slots.values()].map(({ turnId }) => turnId));
    for (const [turnId, { agentId, sub, parked }] of this.turns) {
      this.#check(held.has(turnId) === (sub && !parked), `I3: slot and turn of ${this.#path(agentId)} disagree`);
      this.#check(parked || this.#residents.has(agentId), `I5: ${this.#path(agentId)} runs and is not in memory`);
    }
    this.#check(!held.has(undefined), 'I3: a reservation outlives its batch');
    const loaded = batch.some(({ type }) => type === 'AgentLoaded');
    const subs = [...this.#residents].filter((agentId) => this.#parents.get(agentId) !== undefined).length;
    this.#check(!loaded || subs <= Math.max(this.#limits.residents, this.slots.size + 1), `I5: ${subs} in memory`);
    for (const { type, data } of batch) {
      if (type !== 'TurnCompleted' && type !== 'TurnFailed' && type !== 'TurnInterrupted') continue;
      const told = type !== 'TurnInterrupted' && this.#parents.get(data.agentId) !== undefined;
      this.#check((this.#completions.get(data.turnId) ?? 0) === (told ? 1 : 0), 'I7: not one completion for its turn');
    }
  }

  #endTurn({ turnId }: { readonly turnId: string }): void {
    const turn = this.turns.get(turnId);
    this.#check(turn !== undefined, 'I9: the end of a turn that does not run');
    this.#check(turn?.open.size === 0, `I9: calls without an end: ${[...(turn?.open ?? [])]}`);
    this.turns.delete(turnId);
  }

  #endProcess({ processId }: { readonly processId: number }): void {
    const is = this.#processes.get(processId);
    this.#check(is === 'requested' || is === 'started', `I10: process ${processId} ends and was ${is}`);
    this.#processes.set(processId, 'ended');
  }

  readonly #books: Books = {
    FleetOpened: ({ data }) => Object.assign(this.#limits, data.limits),
    LimitsChanged: ({ data }) => Object.assign(this.#limits, data.limits),
    EngineStarted: () => this.#residents.clear(),
    AgentSpawned: ({ data }) => {
      this.paths.set(data.agentId, data.path);
      this.#parents.set(data.agentId, data.parentId);
      const open = [...this.#openPaths.values()];
      this.#check(!open.includes(`${data.rootId} ${data.path}`), 'I8: two open agents have one path');
      this.#openPaths.set(this.#key(data.agentId), `${data.rootId} ${data.path}`);
    },
    AgentLoaded: ({ data }) => {
      this.#check(!this.#residents.has(data.agentId), 'I5: loaded twice');
      this.#residents.add(data.agentId);
    },
    AgentEvicted: ({ data }) => {
      this.#check(this.#residents.delete(data.agentId), 'I5: evicted and not in memory');
      this.#check(this.#parents.get(data.agentId) !== undefined, 'I5: a root is evicted');
    },
    AgentClosed: ({ data }) => {
      this.#residents.delete(data.agentId);
      this.#openPaths.delete(this.#key(data.agentId));
    },
    SlotReserved: ({ data }) => {
      this.#check(!this.slots.has(data.reservationId), 'I2: reserved twice');
      this.slots.set(data.reservationId, { agentId: data.agentId });
    },
    SlotCommitted: ({ data }) => {
      const slot = this.slots.get(data.reservationId);
      this.#check(slot !== undefined && slot.turnId === undefined, 'I2: committed without a reservation, or twice');
      if (slot) slot.turnId = data.turnId;
    },
    SlotReleased: ({ data }) => {
      this.#check(this.slots.delete(data.reservationId), 'I2: released and not held');
      this.#check(!this.#released.has(data.reservationId), 'I2: released twice');
      this.#released.add(data.reservationId);
    },
    MailAccepted: ({ data, position }) => {
      this.#check(!this.letters.has(data.mailId), 'I6: accepted twice');
      this.letters.set(data.mailId, { to: data.to, position, state: 'unread' });
      if (data.kind !== 'completion' || data.ofTurn === undefined) return;
      this.#completions.set(data.ofTurn, (this.#completions.get(data.ofTurn) ?? 0) + 1);
    },
    MailConsumed: ({ data }) => {
      const letter = this.letters.get(data.mailId);
      this.#check(letter?.state === 'unread' && letter.to === data.agentId, 'I6: not unread mail of its receiver');
      if (letter === undefined) return;
      this.#check(letter.position > (this.#consumedUpTo.get(data.agentId) ?? 0), 'I6: out of order');
      this.#consumedUpTo.set(data.agentId, letter.position);
      letter.state = 'consumed';
    },
    MailReturned: ({ data }) => {
      const letter = this.letters.get(data.mailId);
      this.#check(letter?.state === 'consumed', 'I6: returned and not taken');
      if (letter === undefined) return;
      letter.state = 'unread';
      this.#consumedUpTo.set(data.agentId, Math.min(letter.position - 1, this.#consumedUpTo.get(data.agentId) ?? 0));
    },
    MailRejected: ({ data }) => {
      const letter = this.letters.get(data.mailId);
      this.#check(letter?.state === 'unread', 'I6: rejected and not unread');
      if (letter) letter.state = 'rejected';
    },
    TurnStarted: ({ data }) => {
      const busy = [...this.turns.values()].some(({ agentId }) => agentId === data.agentId);
      this.#check(!busy, 'I9: a second turn');
      const sub = this.#parents.get(data.agentId) !== undefined;
      this.turns.set(data.turnId, { agentId: data.agentId, sub, parked: false, open: new Set() });
    },
    TurnParked: ({ data }) => {
      this.turns.get(data.turnId)!.parked = true;
    },
    TurnUnparked: ({ data }) => {
      this.turns.get(data.turnId)!.parked = false;
    },
    ToolCallStarted: ({ data }) => {
      this.turns.get(data.turnId)!.open.add(data.callId);
    },
    ToolCallEnded: ({ data }) => {
      this.#check(this.turns.get(data.turnId)?.open.delete(data.callId) === true, 'I9: a call ends that is not open');
    },
    TurnCompleted: ({ data }) => this.#endTurn(data),
    TurnFailed: ({ data }) => this.#endTurn(data),
    TurnInterrupted: ({ data }) => this.#endTurn(data),
    ProcessRequested: ({ data }) => {
      this.#check(!this.#processes.has(data.processId), 'I10: a process id is used twice');
      this.#processes.set(data.processId, 'requested');
    },
    ProcessStarted: ({ data }) => {
      this.#check(this.#processes.get(data.processId) === 'requested', 'I10: started twice, or never asked for');
      this.#processes.set(data.processId, 'started');
    },
    ProcessExited: ({ data }) => {
      this.#check(this.#processes.get(data.processId) === 'started', 'PR3: an exit without a start');
      this.#endProcess(data);
    },
    ProcessTerminated: ({ data }) => this.#endProcess(data),
    ProcessLaunchFailed: ({ data }) => this.#endProcess(data),
    ProcessLost: ({ data }) => this.#endProcess(data),
  };
}

/** `path n` of each sampling of an agent that has an end in the log. */
export function answered(events: readonly HoldfastEvent[]): Set<string> {
  const paths = new Map<string, string>();
  const found = new Set<string>();
  for (const { type, data } of events) {
    if (type === 'AgentSpawned') paths.set(data.agentId, data.path);
    if (type === 'ModelSampled' || type === 'SamplingEnded') found.add(`${paths.get(data.agentId)} ${data.n}`);
  }
  return found;
}
