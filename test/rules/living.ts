/**
 * A fleet that lives without a machine: the real engine on a log in memory, a clock that a test moves, models and a
 * process host that do what a test tells them. A crash is a new life on the same storage.
 */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { agentAt } from '../../projections/paths.ts';
import type { CellParts } from '../../src/engine/cells.ts';
import type { Clock } from '../../src/engine/clock.ts';
import type { Orphan, Remains } from '../../src/engine/hostGate.ts';
import { Life, type NewFleet } from '../../src/engine/life.ts';
import { secretsInMemory } from '../../src/engine/secrets.ts';
import { touches } from '../../src/engine/touches.ts';
import { Failure } from '../../src/failure.ts';
import type { Exit, Host, HostProcess, StartRequest, Typed } from '../../src/host/port.ts';
import type { IdentityPorts } from '../../src/identity/port.ts';
import { type Gate, type MemoryStorage, memoryStorage, openMemoryLog } from '../../src/log/memory.ts';
import type { Log } from '../../src/log/port.ts';
import type { Model, ModelItem, Sampling } from '../../src/models/port.ts';
import { type CellStep, cellSource } from '../../src/simulate/cellScript.ts';
import { WorldCells } from '../../src/simulate/cells.ts';

/** Turns of the event loop within which everything that can happen has happened. */
const turnsMax = 5000;

/** Waits for a condition, never for a time. */
export async function until<T>(what: () => T | undefined | false, name = 'what was waited for'): Promise<T> {
  for (let i = 0; i < turnsMax; i += 1) {
    const value = what();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${name} did not happen`);
}

/** Lets everything happen that needs no time and no answer. */
export async function quiet(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class ManualClock implements Clock {
  #now = 1_795_171_880_000;
  readonly #timers = new Set<{ readonly at: number; readonly then: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, then: () => void): () => void {
    const timer = { at: this.#now + ms, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on, and calls what is due on the way. */
  async pass(ms: number): Promise<void> {
    const to = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter((t) => t.at <= to).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.then();
      await quiet();
    }
    this.#now = to;
  }
}

interface Asked {
  readonly request: Sampling;
  readonly signal: AbortSignal;
  readonly resolve: (items: readonly ModelItem[]) => void;
}

/** A model that answers when a test says what. */
export class Talk implements Model {
  /** Samplings that nobody has answered, by path. */
  readonly asked = new Map<string, Asked>();
  /** Every sampling so far, as `path n`. */
  readonly samplings: string[] = [];
  /** Agents that were told to let go, with the way to do it; absent: they let go at once. */
  readonly letGo = new Map<string, () => void>();
  holdOn = false;

  sample(request: Sampling, signal: AbortSignal) {
    this.samplings.push(`${request.path} ${request.n}`);
    return new Promise<{ items: readonly ModelItem[] }>((resolve, reject) => {
      this.asked.set(request.path, { request, signal, resolve: (items) => resolve({ items }) });
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  release(agentId: string): Promise<void> {
    if (!this.holdOn) return Promise.resolve();
    return new Promise((resolve) => this.letGo.set(agentId, resolve));
  }

  async says(path: string, ...items: readonly ModelItem[]): Promise<Sampling> {
    const { request, resolve } = await until(() => this.asked.get(path), `a sampling of ${path}`);
    this.asked.delete(path);
    resolve(items);
    await quiet();
    return request;
  }

  calls(path: string, call: string, args: object, id = call): Promise<Sampling> {
    return this.says(path, { call, id, args });
  }
}

export const exited = (code: number, output = ''): Exit => ({
  ...{ code, signal: null, outputBytes: output.length, outputHash: '', at: 0 },
});

/** A process host whose life is apart from the engine's, as the real one's. */
export class PaperHost {
  readonly hostId: string;
  readonly starts: StartRequest[] = [];
  readonly writes: string[] = [];
  readonly stops: number[] = [];
  readonly output = new Map<number, string>();
  readonly exits = new Map<number, Exit>();
  /** How long each wait for an end was to last. */
  readonly waits: number[] = [];
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Set<(over?: boolean) => void>();
  readonly #listeners = new Set<(processId: number, exit: Exit) => void>();
  readonly #typings = new Set<(processId: number, typed: Typed) => void>();
  /** By operators, so far. */
  readonly typed = new Map<number, Typed>();
  /** false: a start is never answered. */
  answers = true;

  constructor(hostId: string) {
    this.hostId = hostId;
  }

  /** A process ends; whoever is connected hears of it. */
  ends(processId: number, ended: Exit): void {
    const typed = this.typed.get(processId);
    const exit = typed === undefined ? ended : { ...ended, typed };
    this.exits.set(processId, exit);
    for (const wake of this.#waiting) wake();
    for (const listener of this.#listeners) listener(processId, exit);
  }

  /** An operator has typed so many bytes in all; `tell`: whoever is connected hears of it now. */
  types(processId: number, bytes: number, tell = true): void {
    const typed = { bytes, hash: `of ${bytes}` };
    this.typed.set(processId, typed);
    if (tell) for (const listener of this.#typings) listener(processId, typed);
  }

  /** The time of every wait is over. */
  yields(): void {
    for (const wake of this.#waiting) wake(true);
  }

  #of({ processId, requestId, argv, tty }: StartRequest): HostProcess {
    const exit = this.exits.get(processId);
    const started = { processId, requestId, pid: processId, group: processId, startTime: 1, bootId: 'boot-1' };
    const size = this.output.get(processId)?.length ?? 0;
    const typed = this.typed.get(processId);
    return { processId, requestId, started, size, tty, command: argv, ...(exit && { exit }), ...(typed && { typed }) };
  }

  /** One connection to it. */
  connect(): Host {
    const own = new Set<(processId: number, exit: Exit) => void>();
    const unanswered = new Set<(error: unknown) => void>();
    const silence = () => new Promise<never>((_, reject) => unanswered.add(reject));
    return {
      hostId: this.hostId,
      start: async (request) => {
        if (!this.starts.some((s) => s.requestId === request.requestId)) this.starts.push(request);
        return this.answers ? this.#of(request).started! : silence();
      },
      write: async (requestId, _processId, bytes) => {
        if (this.#seen.has(requestId)) return 'written';
        this.#seen.set(requestId, bytes.length);
        this.writes.push(`${requestId} ${Buffer.from(bytes)}`);
        return this.answers ? 'written' : silence();
      },
      resize: async () => {},
      signal: async () => false,
      stop: async (_requestId, processId) => {
        this.stops.push(processId);
        if (!this.answers) return silence();
        this.exits.set(processId, { ...exited(0), code: null, signal: 'SIGTERM' });
        return this.exits.get(processId);
      },
      wait: (processId, waitMs, signal) =>
        new Promise((resolve, reject) => {
          const done = (over = waitMs === 0) => {
            const exit = this.exits.get(processId);
            if (exit === undefined && !over) return;
            this.#waiting.delete(done);
            resolve({ size: this.output.get(processId)?.length ?? 0, ...(exit !== undefined && { exit }) });
          };
          this.waits.push(waitMs);
          this.#waiting.add(done);
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
          done();
        }),
      read: async (processId, from, max) => {
        const all = Buffer.from(this.output.get(processId) ?? '');
        const bytes = all.subarray(from, from + max);
        return { from, to: from + bytes.length, bytes, omitted: 0, size: all.length };
      },
      list: async () => this.starts.map((request) => this.#of(request)),
      find: async (requestId) => this.starts.filter((s) => s.requestId === requestId).map((s) => this.#of(s))[0],
      acknowledge: async () => {},
      onExit: (listener) => {
        own.add(listener);
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      onTyped: (listener) => {
        this.#typings.add(listener);
        return () => this.#typings.delete(listener);
      },
      onLost: () => () => {},
      endIfEmpty: async () => true,
      disconnect: () => {
        for (const listener of own) this.#listeners.delete(listener);
        for (const reject of unanswered) reject(new Failure('HOLDFAST_HOST_LOST', 'the connection is gone'));
      },
    };
  }
}

export interface Outside {
  /** Whom agents are registered with, if the fleet file asks for it; the same in the lives that follow. */
  readonly identity?: IdentityPorts;
  readonly gate?: Gate;
  /** What runs cells, and within which limits; absent: machines of the simulation, without any. */
  readonly cells?: Pick<CellParts, 'runtime' | 'limits'>;
  readonly log?: (log: Log) => Log;
}

export class Living {
  storage: MemoryStorage = memoryStorage();
  readonly clock = new ManualClock();
  talk = new Talk();
  /** The host that is alive; undefined: none yet, or dead. */
  host: PaperHost | undefined;
  /** What a dead host left on disk. */
  remains: Remains = {};
  /** Processes that were ended because nobody owned them. */
  readonly orphansEnded: number[] = [];
  readonly spool = new Map<number, string>();
  /** Machines of cells; a crash takes them with it. */
  cells!: WorldCells;
  /** What machines have not done yet, while they are held. */
  held: (() => void)[] | undefined;
  life!: Life;
  #ids = 0;
  #identity: IdentityPorts | undefined;
  readonly #secrets = secretsInMemory();

  /** Machines do what they were held from. */
  async letMachinesGo(): Promise<void> {
    const held = this.held ?? [];
    this.held = undefined;
    for (const run of held) run();
    await quiet();
  }

  async begin(fresh?: NewFleet['file'], { gate, log = (l) => l, identity, cells }: Outside = {}): Promise<this> {
    this.#identity = identity ?? this.#identity;
    const ports = this.#identity;
    const newId = () => {
      this.#ids += 1;
      return `00000000-0000-7000-8000-${this.#ids.toString(16).padStart(12, '0')}`;
    };
    this.cells = new WorldCells({
      later: (_what, run) => {
        if (this.held === undefined) queueMicrotask(run);
        else this.held.push(run);
      },
    });
    const world = {
      cells: cells ?? { runtime: this.cells },
      log: log(openMemoryLog({ touches, storage: this.storage, ...(gate !== undefined && { gate }) })),
      clock: this.clock,
      newId,
      models: () => () => this.talk,
      hosts: {
        connect: async () => this.host?.connect(),
        launch: async (hostId: string) => {
          this.host = new PaperHost(hostId);
          return this.host.connect();
        },
        readSpool: (processId: number, from: number, max: number) => {
          const all = Buffer.from(this.spool.get(processId) ?? '');
          const bytes = all.subarray(from, from + max);
          return { from, to: from + bytes.length, bytes, omitted: 0, size: all.length };
        },
        remains: () => this.remains,
        endOrphan: async ({ processId }: Orphan) => {
          this.orphansEnded.push(processId);
          return { wasAlive: false };
        },
      },
      ...(ports !== undefined && { identity: () => ports, secrets: this.#secrets }),
      environment: () => ({}),
      machine: { bootId: 'boot-1', pid: 4711, version: '0.0.0' },
    };
    this.life = await Life.begin(world, fresh && { fleetId: newId(), cwd: '/work', file: fresh });
    return this;
  }

  /** The engine is gone without a word; what its models and calls were doing is lost. */
  async crash(outside?: Outside): Promise<void> {
    this.life.hands.stop();
    await this.cells.close();
    this.talk = new Talk();
    await this.begin(undefined, outside);
    await quiet();
  }

  /** The same, and what came after the batch with the newest event of this type had not reached the disk. */
  async crashAfter(type: HoldfastEvent['type']): Promise<void> {
    const { batch, of } = this.events.findLast((e) => e.type === type)!;
    const kept = this.events.slice(0, batch + of - 1);
    this.storage = memoryStorage();
    const log = openMemoryLog({ touches, storage: this.storage });
    for (const first of kept.filter((e) => e.index === 0)) {
      const events = kept.slice(first.position - 1, first.position - 1 + first.of);
      log.append({ expected: first.position - 1, epoch: first.epoch, events });
    }
    await log.flush();
    await this.crash();
  }

  get events(): readonly HoldfastEvent[] {
    return this.storage.events as readonly HoldfastEvent[];
  }

  types(from = 0): string[] {
    return this.events.slice(from).map((e) => e.type);
  }

  id(path: string): string {
    return agentAt(this.life.state, this.life.state.roots[0]!, path)!.agentId;
  }

  runs(path: string): boolean {
    return this.life.state.agents[this.id(path)]?.turnId !== undefined;
  }

  /** A cell of the operator's for an agent; answers its id. */
  async cell(policy: 'continue' | 'pause', ...steps: readonly CellStep[]): Promise<string> {
    const answer = await this.life.engine.submit<{ cellId: string }>(
      {
        do: 'createCell',
        target: '/root',
        source: cellSource(...steps),
        policy: policy === 'pause' ? 'PauseAtPendingFrontier' : 'ContinueWhenUnblocked',
      },
      { by: 'operator' },
    );
    if (!answer.ok) throw new Error(answer.refusal.message);
    await quiet();
    return answer.answer.cellId;
  }

  async spawn(path: string, name: string): Promise<void> {
    await this.talk.calls(
      path,
      'spawn_agent',
      { task_name: name, message: `do ${name}`, fork_turns: 'none' },
      `s-${name}`,
    );
    await until(() => this.runs(`${path}/${name}`), `the start of ${path}/${name}`);
  }
}

type File = NewFleet['file'];

export const living = (limits: File['limits'] = {}, outside?: Outside, more: Partial<File> = {}): Promise<Living> =>
  new Living().begin({ limits, models: { script: { kind: 'script' } }, roots: [{ prompt: 'go' }], ...more }, outside);
