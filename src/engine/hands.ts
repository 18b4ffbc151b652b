/** Carries out effects: objects of residents, samplings, waits and commands, each after its event is durable. */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { budgetReached } from '../../projections/budget.ts';
import { openCall, requestOf } from '../../projections/calls.ts';
import type { HistoryItem } from '../../projections/history.ts';
import type { Agent, State } from '../../projections/state.ts';
import { asksModel, bindingOf } from '../../projections/taskBindings.ts';
import { answeredTo } from '../../projections/turns.ts';
import { Failure } from '../failure.ts';
import type { LogReader } from '../log/port.ts';
import { type Model, type Sampling, taskRejectedCode } from '../models/port.ts';
import type { Cells } from './cells.ts';
import type { ClientDoor } from './clientDoor.ts';
import type { Clock } from './clock.ts';
import type { Commands } from './commands.ts';
import type { Engine, Hands } from './engine.ts';
import { letGo } from './letGo.ts';
import type { Processes } from './processes.ts';
import type { Questions } from './questions.ts';
import type { Effect } from './react.ts';
import { type Credentials, type Registrations, withoutCredentials, withRemedy } from './registrations.ts';
import { manner, nothingToSummarise, reported } from './reported.ts';
import { ResidentObjects } from './residents.ts';
import type { Secrets } from './secrets.ts';
import { Speech } from './speech.ts';
import { Timers } from './timers.ts';
import { wholeTexts } from './wholeTexts.ts';
import type { WorkspaceHands } from './workspaces.ts';

type Sample = Extract<Effect, { do: 'sample' }>;

export interface HandsParts {
  readonly engine: Engine;
  readonly log: LogReader;
  readonly clock: Clock;
  readonly commands: Commands;
  readonly processes: Processes;
  readonly cells: Cells;
  readonly clients: ClientDoor;
  readonly questions: Questions;
  /** Who answers for a model name; throws a Failure for an unknown one. */
  readonly model: (name: string) => Model;
  /** Absent: agents of this fleet are registered nowhere. */
  readonly registrations?: Registrations;
  readonly secrets?: Secrets;
  readonly workspaces: WorkspaceHands;
}

/** Effects by which a turn goes on. */
const turnsOn = new Set<Effect['do']>(['load', 'sample', 'expire', 'startProcess', 'collect', 'makeWorkspace']);

export class LiveHands implements Hands {
  readonly objects: ResidentObjects;
  readonly speech: Speech;
  readonly #parts: HandsParts;
  readonly #state: State;
  readonly #timers: Timers;
  readonly #samplings = new Map<string, { readonly n: number; readonly controller: AbortController }>();
  #stopped = false;

  constructor(parts: HandsParts) {
    this.#parts = parts;
    this.#state = parts.engine.state;
    this.#timers = new Timers(parts.clock);
    this.speech = new Speech(parts.secrets);
    this.objects = new ResidentObjects({
      state: this.#state,
      log: parts.log,
      clock: parts.clock,
      unload: async (agentId) => {
        const agent = this.#state.agents[agentId]!;
        await parts.model(agent.model).release?.(agentId);
      },
      abandoned: (agentId, afterMs) => parts.engine.report({ do: 'unloadAbandoned', agentId, afterMs }),
    });
  }

  get workspaces(): WorkspaceHands {
    return this.#parts.workspaces;
  }

  get clients(): ClientDoor {
    return this.#parts.clients;
  }

  observe(batch: readonly HoldfastEvent[]): void {
    this.objects.observe(batch);
    this.#parts.cells.observe(batch);
    this.#parts.clients.observe(batch);
  }

  carryOut(effect: Effect): void {
    const { engine, processes, commands, cells, questions, registrations, workspaces } = this.#parts;
    if (this.#stopped && turnsOn.has(effect.do)) return;
    switch (effect.do) {
      case 'load':
        this.objects.load(effect.agentId);
        break;
      case 'unload':
        this.objects.unload(effect.agentId);
        break;
      case 'sample':
        this.#sampleAt(effect);
        break;
      case 'cancelTurn':
        this.#timers.cancel(effect.turnId);
        this.#samplings.get(effect.turnId)?.controller.abort(letGo);
        this.#samplings.delete(effect.turnId);
        break;
      case 'cancel':
        this.#timers.cancel(requestOf(effect));
        commands.cancel(effect);
        cells.cancel(effect);
        questions.look();
        break;
      case 'expire': {
        const { do: _, at, ...ref } = effect;
        // The call may have ended in a batch of the same group commit.
        if (openCall(this.#state, ref) === undefined) break;
        this.#timers.at(requestOf(ref), at, () => engine.report({ do: 'waitExpired', ...ref }));
        break;
      }
      case 'startProcess':
        processes.start(effect.processId);
        break;
      case 'collect': {
        const { do: _, resumed, ...ref } = effect;
        if (openCall(this.#state, ref)?.cellId === undefined) commands.collect(ref, resumed);
        else cells.collect(ref);
        break;
      }
      case 'cell':
        cells.touched(effect.cellId, effect);
        break;
      case 'stopProcess':
        processes.stop(effect.processId);
        break;
      case 'acknowledge':
        processes.acknowledge(effect.processId);
        break;
      case 'reconcile':
        processes.reconcile(effect.open, effect.stopping);
        break;
      case 'askPeople':
        questions.look();
        break;
      case 'registerIdentity':
        registrations?.registerIdentity(effect.key);
        break;
      case 'registerTask':
        registrations?.registerTask(effect.agentId, effect.key);
        break;
      case 'giveUpRegistration':
        registrations?.giveUp(effect.key);
        break;
      case 'makeWorkspace':
        workspaces.make(effect.agentId);
        break;
      case 'releaseWorkspace':
        workspaces.release(effect.agentId);
        break;
      case 'renewTask':
        registrations?.renew(effect.agentId);
        break;
    }
  }

  /** No turn goes on: the engine stops, or has failed. Processes are still ended and their ends recorded. */
  stop(): void {
    this.#stopped = true;
    this.#parts.commands.letGo();
    this.#parts.processes.letGo();
    this.#parts.registrations?.stop();
    this.#parts.cells.letGo();
    this.#parts.clients.stop();
    this.#parts.questions.stop();
    this.#timers.stop();
    for (const { controller } of this.#samplings.values()) controller.abort(letGo);
    this.#samplings.clear();
  }

  #current({ turnId, agentId, n }: Sample): boolean {
    const turn = this.#state.turns[turnId];
    return turn !== undefined && asksModel(this.#state, turn) && this.#state.agents[agentId]!.samplings + 1 === n;
  }

  #sampleAt(effect: Sample): void {
    if (!this.#current(effect)) return;
    if (effect.notBefore === 0) this.#sample(effect);
    else this.#timers.at(effect.turnId, effect.notBefore, () => this.#sample(effect));
  }

  #sample(effect: Sample): void {
    const { turnId, n } = effect;
    // A renewed task says so again while the model is being asked.
    if (this.#stopped || !this.#current(effect) || this.#samplings.get(turnId)?.n === n) return;
    const underWay = { n, controller: new AbortController() };
    this.#samplings.set(turnId, underWay);
    this.#ask(effect, underWay.controller.signal).finally(() => {
      this.speech.end(turnId, n);
      if (this.#samplings.get(turnId) === underWay) this.#samplings.delete(turnId);
    });
  }

  /** `none yet`: the turn waits for another task, or has failed for want of its key. */
  #credentials({ turnId, agentId, n }: Sample): Credentials | undefined | 'none yet' {
    const { engine, registrations } = this.#parts;
    if (registrations === undefined) return undefined;
    try {
      const credentials = registrations.credentials(agentId, turnId);
      if (credentials !== undefined) return credentials;
    } catch (error) {
      engine.report({ do: 'samplingFailed', turnId, n, error: withRemedy(error), retryable: false });
    }
    // It is sampled anew when it has one.
    this.#samplings.delete(turnId);
    return 'none yet';
  }

  /** The history of an agent. Mail of a retry or a compaction may have come in since it was to be asked: all it shows has to be durable (LO1). */
  async #durable(agentId: string): Promise<readonly HistoryItem[]> {
    for (;;) {
      const { items } = await this.objects.history(agentId);
      if (newestOf(items) <= this.#parts.log.synced().position) return items;
      await this.#parts.engine.read(() => undefined);
    }
  }

  async #ask(effect: Sample, signal: AbortSignal): Promise<void> {
    const { turnId, agentId, n } = effect;
    const { engine, model } = this.#parts;
    const agent = this.#state.agents[agentId]!;
    const turn = this.#state.turns[turnId]!;
    const { overflows = 0 } = turn;
    let history: readonly HistoryItem[];
    try {
      const all = await this.#durable(agentId);
      const seen = overflows === 0 ? all : all.filter(({ position }) => position <= answeredTo(turn));
      const items = await wholeTexts(this.#parts.log, seen);
      // As it is now: it goes on growing while the model answers.
      history = [...(this.#parts.secrets?.revealIn(items) ?? items)];
    } catch (error) {
      if (!signal.aborted) engine.report({ do: 'loadFailed', agentId, error: messageOf(error) });
      return;
    }
    // The task that a request speaks of, and the budget that allows it, are durable before the request leaves (LO1).
    const unsynced = () => {
      const [task, budget] = [bindingOf(this.#state, agentId)?.position, this.#state.spending?.changed];
      return Math.max(task ?? 0, budget ?? 0) > this.#parts.log.synced().position;
    };
    while (!signal.aborted && unsynced()) await engine.read(() => undefined).catch(() => {});
    // Loading may have taken its time: what has been interrupted meanwhile is not asked for, durable or not.
    if (signal.aborted || !this.#current(effect)) return;
    if (budgetReached(this.#state, agent) !== undefined) {
      engine.report({ do: 'budgetSpent', turnId, n });
      return;
    }
    const credentials = this.#credentials(effect);
    if (credentials === 'none yet') return;
    try {
      if (overflows > 0 && history.length === 0) throw nothingToSummarise();
      const request = { ...this.#request(agent, effect), ...{ history, overflows, position: newestOf(history) } };
      const sampled = await model(agent.model).sample(
        { ...request, ...(credentials !== undefined && { headers: credentials.headers }) },
        signal,
        overflows > 0 ? undefined : (delta) => this.speech.hear(effect, delta),
      );
      if (!signal.aborted) engine.report({ turnId, n, ...reported(sampled, overflows > 0) });
    } catch (error) {
      if (signal.aborted) return;
      const text = withoutCredentials(messageOf(error), credentials);
      if (credentials !== undefined && error instanceof Failure && error.code === taskRejectedCode) {
        engine.report({ do: 'taskRejected', turnId, n, agentId, ...credentials.binding, error: text });
        return;
      }
      engine.report({ do: 'samplingFailed', turnId, n, error: text, ...manner(error) });
    }
  }

  /** Who is asked for, where and when. */
  #request(agent: Agent, { turnId, n }: Sample): Omit<Sampling, 'history' | 'overflows' | 'position'> {
    const { agentId, path, rootId, model, effort, role, cwd } = agent;
    const { fleet, agents } = this.#state;
    const instructions = role === undefined ? undefined : fleet.file?.roles?.[role]?.instructions;
    return {
      agentId,
      path,
      rootId,
      rootName: agents[rootId]!.name ?? 'root',
      turnId,
      n,
      model,
      cwd,
      purpose: this.#state.turns[turnId]!.overflows === undefined ? 'turn' : 'summary',
      ...(effort !== undefined && { effort }),
      ...(role !== undefined && { role }),
      ...(instructions !== undefined && { instructions }),
    };
  }
}

/** A summary stands at the beginning and is newer than what follows. */
const newestOf = (items: readonly HistoryItem[]): number =>
  Math.max(items[0]?.position ?? 0, items.at(-1)?.position ?? 0);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
