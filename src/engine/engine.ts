/**
 * The loop that ties it together: decide on one state, append one batch, and let answers and effects follow the sync.
 * Deciding and applying are synchronous, so two commands never see the same state; only durability is waited for.
 */
import type { EventType, HoldfastEvent } from '../../events/catalogue.ts';
import type { CellLimits } from '../../events/cell.ts';
import { openCall } from '../../projections/calls.ts';
import type { State } from '../../projections/state.ts';
import { isEmpty } from '../../projections/table.ts';
import type { Command } from '../decide/command.ts';
import { decide } from '../decide/decide.ts';
import type { Context, Decision, Refusal } from '../decide/decision.ts';
import { Failure } from '../failure.ts';
import type { Log } from '../log/port.ts';
import { Assembly } from './assemble.ts';
import type { Clock } from './clock.ts';
import { type Effect, react, undecided } from './react.ts';
import { requestHash } from './requestHash.ts';
import type { Secrets } from './secrets.ts';
import type { Tamper } from './tamper.ts';

export type Answer<A = unknown> =
  | { readonly ok: true; readonly answer: A }
  | { readonly ok: false; readonly refusal: Omit<Refusal, 'facts'> };

export interface Asked {
  /** `agent:<agentId>`, `operator` or `engine` (default). */
  readonly by?: string;
  /** The same key with the same request gives the first answer, also after a crash (MA7). */
  readonly key?: string;
}

/** Who carries out effects, in order, each batch's after it is durable. */
export interface Hands {
  /** Called as soon as a batch is applied, before it is durable: only to follow along in memory. */
  observe(batch: readonly HoldfastEvent[]): void;
  carryOut(effect: Effect): void;
}

export interface EngineParts {
  readonly log: Log;
  readonly clock: Clock;
  readonly newId: () => string;
  /** The host that would own a process started now. */
  readonly hostId: () => string;
  /** What a cell may use that is created now. */
  readonly cellLimits?: CellLimits;
  readonly state: State;
  readonly epoch: number;
  readonly secrets?: Secrets;
  /** A planted defect, in simulations only. */
  readonly tamper?: Tamper;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

const plain = ({ facts: _, ...refusal }: Refusal): Omit<Refusal, 'facts'> => refusal;

/** After these nobody may be busy any more. */
const endsWork = new Set<EventType>([
  'TurnCompleted',
  'TurnFailed',
  'TurnInterrupted',
  'TurnDequeued',
  'CellDrained',
  'CellToolEnded',
  'FrontierReached',
  'CellCompleted',
  'CellTerminated',
  'CellLost',
  'EngineStarted',
]);

export class Engine {
  readonly state: State;
  readonly epoch: number;
  readonly #parts: EngineParts;
  #hands: Hands | undefined;
  #failed: unknown;
  #stopped = false;
  #waitingForIdle: Waiting[] = [];
  #failedListeners: ((reason: unknown) => void)[] = [];
  /** Calls that are not decided yet, by the command that decides the next one of a turn or a cell. */
  readonly #undecided: Command[] = [];
  /** false: no turn goes on, and calls that the last life has not decided are left to the next. */
  decidesCalls = true;
  /** Commands that have been submitted and whose answers have not been given. */
  #inProgress = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.state = parts.state;
    this.epoch = parts.epoch;
  }

  set hands(hands: Hands) {
    this.#hands = hands;
  }

  /** Decides at once; resolves when everything the answer rests on is durable. Rejects only when the engine has failed. */
  async submit<A = unknown>(command: Command, asked: Asked = {}): Promise<Answer<A>> {
    this.#inProgress += 1;
    try {
      const { answer, durable } = this.#handle(command, asked);
      this.#decideCalls();
      await durable;
      return answer as Answer<A>;
    } finally {
      this.#inProgress -= 1;
      if (this.#waitingForIdle.length > 0) this.#wakeIdle();
    }
  }

  /** For results from outside, whose sender does not wait for an answer; a failure of the engine is known to all. */
  report(command: Command): void {
    this.submit(command).catch(() => {});
  }

  /** A value computed from the state now, given when everything it rests on is durable (LO1). */
  async read<A>(view: (state: State) => A): Promise<A> {
    this.#alive();
    const value = view(this.#parts.tamper?.view?.(this.state) ?? this.state);
    await this.#parts.log.flush();
    return value;
  }

  /** Resolves when no turn is running, queued or parked, no cell goes on by itself, and no command is in progress. */
  async whenIdle(): Promise<void> {
    this.#alive();
    if (this.#isIdle()) return;
    await new Promise<void>((resolve, reject) => this.#waitingForIdle.push({ resolve, reject }));
  }

  /** The engine has stopped for good: a failed write, or a defect. */
  onFailed(listener: (reason: unknown) => void): void {
    if (this.#failed === undefined) this.#failedListeners.push(listener);
    else listener(this.#failed);
  }

  get failed(): unknown {
    return this.#failed;
  }

  #alive(): void {
    if (this.#failed !== undefined) throw this.#failed;
    if (this.#stopped)
      throw new Failure('HOLDFAST_NOT_RUNNING', 'the engine of this fleet has stopped', {
        remedy: 'open the fleet again (`holdfast resume`)',
      });
  }

  #handle(command: Command, asked: Asked): { readonly answer: Answer; readonly durable: Promise<void> } {
    this.#alive();
    if (this.state.fleet.engine === 'stopped' && !atRest.has(command.do)) throw stopped();
    const { log, clock } = this.#parts;
    const { key } = asked;
    const { tamper } = this.#parts;
    const hash = key === undefined ? '' : requestHash(tamper?.asked?.(command) ?? command);
    if (key !== undefined) {
      const before = this.#answered(key, hash);
      if (before !== undefined) return { answer: before, durable: log.flush() };
    }
    try {
      const at = Math.max(clock.now(), this.state.at);
      const by = asked.by ?? speaker(this.state, command);
      const { newId, hostId, cellLimits } = this.#parts;
      const id = newId as Context['id'];
      const ctx: Context = { at, by, id, hostId: hostId(), ...(cellLimits && { cellLimits }) };
      const { secrets } = this.#parts;
      const hide = secrets && ((text: string) => secrets.hide(text));
      const assembly = new Assembly(this.state, ctx, {
        epoch: this.epoch,
        by,
        cause: causeOf(this.state, command),
        ...(hide && { hide }),
        ...(tamper && { tamper }),
      });
      const expected = this.state.position;
      // What is still under way is found by the next life: its results come to nobody here.
      if (command.do === 'stop') this.#stopped = true;
      const decision = this.#decide(command, ctx, assembly);
      const answer: Answer =
        decision._tag === 'Left'
          ? { ok: false, refusal: plain(decision.left) }
          : { ok: true, answer: decision.right.answer };
      if (key !== undefined) {
        const data = answer.ok
          ? { key, requestHash: hash, answer: answer.answer }
          : { key, requestHash: hash, refusal: answer.refusal };
        assembly.add([{ type: 'CommandAnswered', data }], this.state.position, by);
      }
      assembly.close();
      const { events, blobs } = assembly;
      if (events.length === 0) return { answer, durable: log.flush() };
      const durable = this.#append(expected, events, blobs);
      if (this.decidesCalls) this.#undecided.push(...undecided(this.state, events));
      return { answer, durable };
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Once, or again and again into one batch, until something follows from it that has to come last there. */
  #decide(command: Command, ctx: Context, assembly: Assembly): Decision {
    const { tamper } = this.#parts;
    for (;;) {
      const decision = tamper?.decide?.(decide, this.state, ctx, command) ?? decide(this.state, ctx, command);
      if (decision._tag === 'Left') assembly.settle(decision.left.facts);
      else if (assembly.settle(decision.right.facts, decision.right.birth) && decision.right.again === true) continue;
      return decision;
    }
  }

  /** The calls of one list are decided in list order, before anything else is (they touch nothing outside). */
  #decideCalls(): void {
    for (let next = this.#undecided.shift(); next !== undefined; next = this.#undecided.shift()) {
      this.#handle(next, {}).durable.catch(() => {});
    }
  }

  #append(expected: number, events: HoldfastEvent[], blobs: Assembly['blobs']): Promise<void> {
    const hands = this.#hands;
    hands?.observe(events);
    const effects = react(this.state, events);
    const idle = this.#waitingForIdle.length > 0 && events.some((event) => endsWork.has(event.type));
    return this.#parts.log.append({ expected, epoch: this.epoch, events, blobs }).then(
      () => {
        if (this.#failed !== undefined) throw this.#failed;
        for (const effect of effects) hands?.carryOut(effect);
        if (idle) this.#wakeIdle();
      },
      (error) => {
        this.#fail(error);
        throw error;
      },
    );
  }

  #answered(key: string, hash: string): Answer | undefined {
    if (key === '__proto__') {
      const message = 'the key __proto__ cannot be kept: plain objects have no such member of their own';
      return { ok: false, refusal: { code: 'HOLDFAST_BAD_KEY', message, remedy: 'use another key' } };
    }
    const before = Object.hasOwn(this.state.fleet.answers, key) ? this.state.fleet.answers[key] : undefined;
    if (before === undefined) return undefined;
    if (before.requestHash !== hash) {
      const message = `key ${key} was used for another request`;
      return {
        ok: false,
        refusal: { code: 'HOLDFAST_KEY_REUSED', message, remedy: 'use a new key for a new request' },
      };
    }
    if (before.refusal !== undefined) return { ok: false, refusal: before.refusal as Omit<Refusal, 'facts'> };
    return { ok: true, answer: before.answer };
  }

  #isIdle(): boolean {
    const { turns, slots, cells } = this.state;
    return this.#inProgress === 0 && isEmpty(turns) && isEmpty(slots.queuedBy) && isEmpty(cells.busy);
  }

  #wakeIdle(): void {
    if (!this.#isIdle()) return;
    const waiting = this.#waitingForIdle;
    this.#waitingForIdle = [];
    for (const { resolve } of waiting) resolve();
  }

  #fail(error: unknown): void {
    if (this.#failed !== undefined) return;
    this.#failed =
      error instanceof Failure
        ? error
        : new Failure(
            'HOLDFAST_DEFECT',
            `the engine met a defect: ${error instanceof Error ? error.message : String(error)}`,
            {
              remedy: 'report this with the log; `holdfast resume` continues from the last synced batch',
              cause: error,
            },
          );
    for (const { reject } of this.#waitingForIdle.splice(0)) reject(this.#failed);
    for (const listener of this.#failedListeners) listener(this.#failed);
    this.#failedListeners = [];
  }
}

/** What can be asked of a log between two lives. */
const atRest: ReadonlySet<Command['do']> = new Set(['start', 'forget'] as const);

/** EngineStopped is the last event of a life: the log is being closed. */
const stopped = () =>
  new Failure('HOLDFAST_NOT_RUNNING', 'the fleet has been stopped', {
    remedy: 'open its log again, or `holdfast resume`',
  });

/** What a model says and asks for is its agent's doing. */
function speaker(state: State, command: Command): string {
  if (command.do === 'callTool' || command.do === 'cancelCall') {
    const root = state.clients?.[command.connectionId];
    return root === undefined ? 'engine' : `agent:${root}`;
  }
  const does =
    command.do === 'sampled' || command.do === 'compacted' || command.do === 'carryOut'
      ? state.turns[command.turnId]
      : command.do === 'cellDrained' || command.do === 'carryOutCell'
        ? state.cells.all[command.cellId]
        : undefined;
  return does === undefined ? 'engine' : `agent:${does.agentId}`;
}

/** The newest fact that a command from inside answers to; what comes from outside has none. */
function causeOf(state: State, command: Command): number {
  if ('callId' in command) return openCall(state, command)?.position ?? 0;
  if (command.do === 'carryOut') return state.turns[command.turnId]?.list ?? 0;
  if ('cellId' in command) {
    const cell = state.cells.all[command.cellId];
    return cell?.frontier?.resume ?? cell?.position ?? 0;
  }
  if ('key' in command) return registrationOf(state, command)?.position ?? 0;
  if ('turnId' in command && command.turnId !== undefined) return state.turns[command.turnId]?.position ?? 0;
  if ('processId' in command) return state.processes.all[command.processId]?.position ?? 0;
  return 0;
}

const registrationOf = (state: State, command: { readonly key: string; readonly agentId?: string }) =>
  command.agentId === undefined ? state.identities.registering : state.taskBindings.registering[command.agentId];
