/** What the raw events say; it shares nothing with the engine's own reducers, so that a mistake there cannot hide here. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import { addCellEvent, type KnownCell } from './cellPicture.ts';
import type { KnownAgent, Letter, RunningTurn, Tree } from './known.ts';
import { addProcess, type KnownProcess } from './knownProcess.ts';
import { Questions } from './questions.ts';
import { Registry } from './registry.ts';

export type { Call, Entry, Held, KnownAgent, Letter, RunningTurn, Tree } from './known.ts';

const endings = { TurnCompleted: 'completed', TurnFailed: 'failed', TurnInterrupted: 'interrupted' } as const;

const kindOf = (item: object): string => ('id' in item ? 'call' : 'say' in item ? 'say' : 'reasoning');

export class Picture {
  position = 0;
  at = 0;
  epoch = 0;
  activeTurns = 0;
  residentsMax = 0;
  queueing = false;
  /** Names of models that the fleet has. */
  readonly models = new Set(['script']);
  /** Those of them that are the client of a root. */
  readonly clientModels = new Set<string>();
  /** Payloads that are said to be gone, `blob/…`. */
  readonly forgotten = new Set<string>();
  /** Each of them has a price. */
  priced = false;
  readonly registry = new Registry();
  readonly questions = new Questions();
  /** Live processes per tree. */
  processesMax = 0;
  /** At that limit the least recently used goes, instead of a refusal. */
  pruning = false;
  readonly agents = new Map<string, KnownAgent>();
  readonly processes = new Map<number, KnownProcess>();
  readonly trees = new Map<string, Tree>();
  readonly turns = new Map<string, RunningTurn>();
  readonly letters = new Map<string, Letter>();
  /** Keys of commands that have an answer. */
  readonly keys = new Set<string>();
  readonly refusals = new Set<string>();
  readonly cells = new Map<string, KnownCell>();
  cellsMax = 0;
  /** Sub-agents in memory. */
  readonly residents = new Set<KnownAgent>();

  agent(id: string): KnownAgent {
    return this.agents.get(id)!;
  }

  add(event: HoldfastEvent): void {
    this.position = event.position;
    this.at = event.at;
    this.epoch = event.epoch;
    addCellEvent(this, event);
    this.registry.add(event);
    this.questions.add(event);
    const { position } = event;
    switch (event.type) {
      case 'FleetOpened':
      case 'LimitsChanged': {
        const { activeTurns, residents, whenFull, processes, onFull } = event.data.limits;
        if (processes !== undefined) this.processesMax = processes;
        if (onFull !== undefined) this.pruning = onFull === 'prune';
        if (activeTurns !== undefined) this.activeTurns = activeTurns;
        if (residents !== undefined) this.residentsMax = residents;
        if (event.data.limits.cells !== undefined) this.cellsMax = event.data.limits.cells;
        if (whenFull !== undefined) this.queueing = whenFull === 'queue';
        if (event.type === 'FleetOpened') {
          const { models = {}, prices = {} } = event.data.fleet;
          for (const [name, { kind }] of Object.entries(models)) {
            this.models.add(name);
            if (kind === 'sampling') this.clientModels.add(name);
          }
          this.priced = Object.keys(models).every((name) => Object.hasOwn(prices, name));
        }
        return;
      }
      case 'CommandAnswered':
        this.keys.add(event.data.key);
        return;
      case 'SlotRefused':
      case 'LimitRefused':
        this.refusals.add(event.data.refusalId);
        return;
      case 'EngineStarted':
        this.residents.clear();
        for (const agent of this.agents.values()) agent.resident = false;
        return;
      case 'AgentSpawned':
        this.#spawn(event.data, position);
        return;
      case 'AgentLoaded':
        this.#reside(this.agent(event.data.agentId), true, position);
        return;
      case 'ClientJoined':
        this.agent(event.data.agentId).client!.connection = event.data.connectionId;
        return;
      case 'ClientLeft':
        this.#leave(this.agent(event.data.agentId));
        return;
      case 'AgentEvicted':
        this.#reside(this.agent(event.data.agentId), false, position);
        return;
      case 'AgentClosed': {
        const agent = this.agent(event.data.agentId);
        agent.open = false;
        agent.last = 'closed';
        agent.parent?.openChildren.delete(agent.id);
        if (agent.client !== undefined) agent.client.connection = undefined;
        this.#reside(agent, false, position);
        return;
      }
      case 'PayloadForgotten':
        this.forgotten.add(`${event.data.what}/${event.data.id}`);
        return;
      case 'WorkspaceRequested':
      case 'WorkspaceMade':
        this.agent(event.data.agentId).awaitsTree = event.type === 'WorkspaceRequested';
        return;
      case 'SlotReserved': {
        const { reservationId, agentId, rootId } = event.data;
        this.trees.get(rootId)!.held.set(reservationId, { id: reservationId, agentId, position, turn: undefined });
        return;
      }
      case 'SlotCommitted':
        this.trees.get(event.data.rootId)!.held.get(event.data.reservationId)!.turn = event.data.turnId;
        return;
      case 'SlotReleased': {
        this.trees.get(event.data.rootId)!.held.delete(event.data.reservationId);
        return;
      }
      case 'TurnQueued': {
        const agent = this.agent(event.data.agentId);
        agent.entry = { id: event.data.queueId, agent, turn: event.data.turnId, position };
        agent.tree.queue.push(agent.entry);
        return;
      }
      case 'TurnDequeued': {
        const agent = this.agent(event.data.agentId);
        leaveQueue(agent);
        if (agent.turn !== undefined) return;
        agent.last = 'interrupted';
        for (const letter of agent.unread) letter.trigger = false;
        return;
      }
      case 'MailAccepted': {
        const { mailId, to, kind, trigger } = event.data;
        const letter = { id: mailId, kind, position, trigger, takenAt: 0 };
        const agent = this.agent(to);
        this.letters.set(mailId, letter);
        agent.unread.push(letter);
        agent.lastUse = position;
        return;
      }
      case 'MailConsumed': {
        const agent = this.agent(event.data.agentId);
        const letter = this.letters.get(event.data.mailId)!;
        agent.unread.splice(agent.unread.indexOf(letter), 1);
        letter.takenAt = position;
        agent.history.push(`mail ${position}`);
        agent.turn?.fresh.push(letter);
        return;
      }
      case 'MailReturned': {
        const agent = this.agent(event.data.agentId);
        const letter = this.letters.get(event.data.mailId)!;
        letter.trigger = false;
        agent.history.splice(agent.history.lastIndexOf(`mail ${letter.takenAt}`), 1);
        const after = agent.unread.findIndex((other) => other.position > letter.position);
        agent.unread.splice(after < 0 ? agent.unread.length : after, 0, letter);
        if (agent.turn !== undefined) agent.turn.fresh = agent.turn.fresh.filter((other) => other !== letter);
        return;
      }
      case 'MailRejected': {
        const agent = this.agent(event.data.agentId);
        agent.unread.splice(agent.unread.indexOf(this.letters.get(event.data.mailId)!), 1);
        return;
      }
      default:
        if (event.stream.startsWith('process/')) addProcess(this, event);
        else this.#turn(event);
        return;
    }
  }

  #turn(event: HoldfastEvent): void {
    const { position } = event;
    switch (event.type) {
      case 'TurnStarted': {
        const agent = this.agent(event.data.agentId);
        agent.turn = {
          id: event.data.turnId,
          agent,
          slot: event.data.reservationId,
          parked: false,
          client: agent.client !== undefined,
          sampling: agent.client === undefined,
          calls: new Map(),
          undecided: [],
          usedIds: new Set(),
          fresh: [],
          list: position,
          tooLong: false,
        };
        this.turns.set(agent.turn.id, agent.turn);
        leaveQueue(agent);
        agent.lastUse = position;
        return;
      }
      case 'ModelSampled': {
        const turn = this.turns.get(event.data.turnId)!;
        turn.agent.samplings = event.data.n;
        turn.sampling = false;
        turn.fresh = [];
        turn.list = position;
        turn.undecided = event.data.items.flatMap((item) => ('id' in item ? [item.id] : []));
        for (const item of event.data.items) turn.agent.history.push(`${kindOf(item)} ${position}`);
        return;
      }
      case 'SamplingEnded': {
        const agent = this.agent(event.data.agentId);
        agent.samplings = event.data.n;
        if (agent.turn !== undefined && event.data.overflow === true) agent.turn.tooLong = true;
        return;
      }
      case 'ToolCallStarted': {
        const turn = this.turns.get(event.data.turnId)!;
        turn.undecided.shift();
        turn.usedIds.add(event.data.callId);
        const { callId, tool, until, cellId, processId } = event.data;
        turn.calls.set(callId, { id: callId, tool, position, until, cellId, processId });
        return;
      }
      case 'ApprovalAnswered': {
        const { turnId, cellId, callId, processId } = event.data;
        const caller = turnId === undefined ? this.cells.get(cellId!) : this.turns.get(turnId);
        const call = caller?.calls.get(callId);
        if (call !== undefined) call.processId = processId;
        return;
      }
      case 'ToolCallEnded': {
        const turn = this.turns.get(event.data.turnId)!;
        const call = turn.calls.get(event.data.callId);
        turn.calls.delete(event.data.callId);
        turn.agent.history.push(`result ${position}`);
        if (turn.calls.size === 0 && turn.undecided.length === 0) turn.sampling = !turn.client;
        if (call?.tool === 'wait_agent' && event.data.outcome === 'ok') turn.agent.told = position;
        return;
      }
      case 'HistoryCompacted': {
        const agent = this.agent(event.data.agentId);
        agent.samplings = event.data.n ?? agent.samplings;
        if (agent.turn !== undefined) agent.turn.tooLong = false;
        const kept = agent.history.filter((item) => positionOf(item) > event.data.upTo);
        agent.history = [`summary ${position}`, ...kept];
        return;
      }
      case 'TurnParked': {
        const turn = this.turns.get(event.data.turnId)!;
        turn.parked = true;
        turn.slot = undefined;
        turn.agent.lastUse = position;
        return;
      }
      case 'TurnUnparked': {
        const turn = this.turns.get(event.data.turnId)!;
        turn.parked = false;
        turn.slot = event.data.reservationId;
        leaveQueue(turn.agent);
        return;
      }
      case 'TurnCompleted':
      case 'TurnFailed':
      case 'TurnInterrupted': {
        const agent = this.agent(event.data.agentId);
        if (event.type === 'TurnInterrupted') {
          for (const _ of agent.turn?.undecided ?? []) agent.history.push(`result ${position}`);
          agent.history.push(`note ${position}`);
        }
        this.turns.delete(event.data.turnId);
        agent.turn = undefined;
        agent.last = endings[event.type];
        agent.lastUse = position;
        return;
      }
      default:
    }
  }

  #leave({ client, turn }: KnownAgent): void {
    client!.connection = undefined;
    for (const callId of turn?.calls.keys() ?? []) client!.left.add(callId);
  }

  #spawn(
    data: {
      readonly agentId: string;
      readonly rootId: string;
      readonly parentId?: string;
      readonly path: string;
      readonly name?: string;
      readonly model: string;
      readonly client?: true;
    },
    position: number,
  ): void {
    const { agentId, rootId, parentId, path, name = 'root', model, client } = data;
    const tree: Tree = this.trees.get(rootId) ?? { rootId, name, held: new Map(), queue: [], agents: [] };
    this.trees.set(rootId, tree);
    const parent = parentId === undefined ? undefined : this.agent(parentId);
    const agent: KnownAgent = {
      id: agentId,
      tree,
      parent,
      path,
      openChildren: new Set(),
      open: true,
      resident: false,
      client: client && { connection: undefined, left: new Set() },
      answeredBy: client === undefined && this.clientModels.has(model) ? this.agents.get(rootId) : undefined,
      awaitsTree: false,
      lastUse: position,
      turn: undefined,
      entry: undefined,
      last: 'pending',
      unread: [],
      spawned: position,
      history: [],
      told: 0,
      samplings: 0,
      cells: new Map(),
      stored: new Map(),
      processes: new Map(),
    };
    parent?.openChildren.add(agentId);
    tree.agents.push(agent);
    this.agents.set(agentId, agent);
  }

  #reside(agent: KnownAgent, resident: boolean, position: number): void {
    agent.resident = resident;
    if (resident) agent.lastUse = position;
    if (agent.parent === undefined) return;
    if (resident) this.residents.add(agent);
    else this.residents.delete(agent);
  }
}

/** Of an item of a history. */
export const positionOf = (item: string): number => Number(item.slice(item.indexOf(' ')));

function leaveQueue(agent: KnownAgent): void {
  if (agent.entry === undefined) return;
  agent.tree.queue.splice(agent.tree.queue.indexOf(agent.entry), 1);
  agent.entry = undefined;
}
