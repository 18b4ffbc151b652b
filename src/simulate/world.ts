/** The world: the real engine with everything outside simulated from one seed. It lives, dies and lives again on one disk. */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { Payload } from '../decide/command.ts';
import type { Answer } from '../engine/engine.ts';
import { Life } from '../engine/life.ts';
import type { Forgotten } from '../erasure/forget.ts';
import { Failure } from '../failure.ts';
import type { Log } from '../log/port.ts';
import type { AskClient } from '../models/peer.ts';
import type { Model } from '../models/port.ts';
import { shown, watched } from './answering.ts';
import { WorldCells } from './cells.ts';
import { EffectChecker } from './check/effects.ts';
import { ElicitationChecker } from './check/elicitations.ts';
import { Inspector } from './check/inspector.ts';
import { RegistrarChecker } from './check/registrar.ts';
import { defect, type Violation } from './check/violation.ts';
import { throughClient, WorldClients } from './clients.ts';
import { virtualClock } from './clock.ts';
import type { Cut, Disk } from './disk/disk.ts';
import { FrameDisk } from './disk/frames.ts';
import { MemoryDisk } from './disk/memory.ts';
import { fileOf } from './fleetFile.ts';
import { Forgetting } from './forgetting.ts';
import type { History } from './history.ts';
import { WorldHosts } from './hosts.ts';
import { seededIds } from './ids.ts';
import { type ModelWorld, modelErrors, WorldModel } from './models.ts';
import type { Own } from './own.ts';
import { Patience } from './patience.ts';
import { hostsSeenThrough } from './plants/host.ts';
import type { Plant } from './plants/plant.ts';
import { plantNamed } from './plants/registry.ts';
import { mix, Random } from './random.ts';
import { WorldRegistrar } from './registrar.ts';
import { Schedule } from './schedule.ts';
import { hidden, revealed, WorldSecrets } from './secrets.ts';
import { WorldWorkspaces } from './workspaces.ts';

/** Virtual time begins here: 2026-01-01. */
const start = 1_767_225_600_000;

/** One life of the engine, from its opening to its death. */
interface Living {
  readonly number: number;
  readonly model: WorldModel;
  log: Log | undefined;
  readonly cells: WorldCells;
  life: Life | undefined;
  /** The opening has failed. */
  trouble: unknown;
  /** Only its processes are looked after. */
  readonly stays: boolean;
}

export class World {
  readonly schedule: Schedule;
  readonly disk: Disk;
  readonly hosts: WorldHosts;
  readonly clients: WorldClients;
  readonly inspector: Inspector;
  readonly effects: EffectChecker;
  /** Absent: agents are registered nowhere. */
  readonly registrar: WorldRegistrar | undefined;
  readonly #registered: RegistrarChecker | undefined;
  /** Answers are held against the sequential model. */
  readonly oneAtATime: boolean;
  /** Of a fleet that takes secrets out of its log. */
  readonly secrets: WorldSecrets | undefined;
  /** Absent: nobody makes worktrees. */
  readonly workspaces: WorldWorkspaces | undefined;
  readonly tooLong = new Map<string, number>();
  #calm = false;
  /** The next life lets no turn go on. */
  nextStays = false;
  skewMs = 0;
  crashes = 0;
  readonly #history: History;
  readonly #own: Own;
  readonly #newId: () => string;
  readonly #models: ModelWorld;
  #living: Living | undefined;
  #lives = 0;
  /** Found by a port in the middle of the engine's work, thrown when the engine waits again. */
  #violation: Violation | undefined;
  readonly #patience = new Patience((violation) => {
    this.#violation ??= violation;
  });

  constructor(history: History, own: Own = {}) {
    this.#own = own;
    const { seed, setup } = history;
    this.#history = history;
    this.oneAtATime = own.decide === undefined;
    const hosts = () => this.hosts;
    const secrets = () => this.secrets;
    if (setup.redact === true) this.secrets = new WorldSecrets();
    const steady = !history.steps.some((step) => step.do === 'crash' && step.skewMs !== 0);
    this.inspector = new Inspector(steady, {
      get modelErrors() {
        return own.model === undefined && secrets()?.lost !== true ? modelErrors : undefined;
      },
      get hostsFail() {
        return hosts().killed;
      },
      get hostsEnd() {
        return hosts().ended;
      },
    });
    if (this.secrets !== undefined)
      this.inspector.also({ before: (_picture, event) => hidden(event.data, event.position) });
    this.effects = new EffectChecker(this.inspector);
    this.schedule = new Schedule(start, new Random(mix(seed, 'schedule')));
    const plant = this.#plant?.disk;
    const disk = {
      schedule: this.schedule,
      random: new Random(mix(seed, 'disk')),
      temper: setup.disk,
      ...(plant && { plant }),
    };
    this.disk = setup.disk.frames === true ? new FrameDisk(disk) : new MemoryDisk(disk);
    this.#newId = seededIds(mix(seed, 'ids'), () => this.schedule.now);
    const { schedule } = this;
    const judge = (check: () => void) => this.judge(check);
    const position = () => this.inspector.picture.position;
    this.hosts = new WorldHosts({
      ...{ seed, schedule, judge, position },
      asked: (what, processId, given) =>
        this.judge(() => {
          this.effects.requested(what, processId);
          if (this.secrets !== undefined) revealed('a process', given, this.inspector.picture.position);
        }),
      ...(own.command && { command: own.command }),
      typed: (processId, bytes) => this.effects.typed(processId, bytes),
      seenThrough: (visitors, terminals) => this.#plant?.visitors?.(visitors, terminals) ?? visitors,
      launched: (processId) => this.judge(() => this.effects.launched(processId)),
    });
    this.inspector.also(this.hosts.keyboards);
    if (setup.registrar !== undefined) {
      const tasks = () => this.registrar!.tasks;
      const checker = new RegistrarChecker({ picture: this.inspector.picture, judge, tasks });
      this.#registered = checker;
      this.registrar = new WorldRegistrar({ seed: mix(seed, 'requests'), temper: setup.registrar, schedule, checker });
    }
    if (setup.workspaces !== undefined)
      this.workspaces = new WorldWorkspaces({
        temper: setup.workspaces,
        schedule,
        random: new Random(mix(seed, 'workspaces')),
        asked: (what, branch) =>
          this.judge(() => this.inspector.workspaces.asked(this.inspector.picture, what, branch)),
      });
    const known = (agentId?: string) => ({
      agentIds: [...this.inspector.picture.agents.keys()],
      lastProcessId: 1000 + this.hosts.processes.size,
      cellIds: [...(this.inspector.picture.agents.get(agentId ?? '')?.cells.keys() ?? [])],
    });
    this.clients = new WorldClients({
      ...{ seed, schedule, judge, position, likes: setup.models.likes },
      elicitations: new ElicitationChecker(this.inspector, judge, this.oneAtATime),
      peer: (peer) => this.#plant?.peer?.(peer) ?? peer,
      newId: seededIds(mix(seed, 'connections'), () => schedule.now),
      events: () => this.events,
      known,
      answers: (request, signal) => this.#living!.model.sample(request, signal),
    });
    this.#models = {
      seed,
      schedule,
      known,
      calm: () => this.#calm,
      tooLong: this.tooLong,
      asked: (request) =>
        this.judge(() => {
          this.effects.sampled(request);
          if (this.secrets !== undefined) revealed('a model', request.history, this.inspector.picture.position);
        }),
    };
  }

  get events(): readonly HoldfastEvent[] {
    return this.disk.events as readonly HoldfastEvent[];
  }

  /** The engine, when it is open. */
  get life(): Life | undefined {
    return this.#living?.life;
  }

  /** The engine that is open lets no turn go on. */
  get stays(): boolean {
    return this.#living?.stays === true;
  }

  /** The engine is open, opens, or has failed and nobody has noticed. */
  get alive(): boolean {
    return this.#living !== undefined;
  }

  get log(): Log | undefined {
    return this.#living?.log;
  }

  get #plant(): Plant | undefined {
    const { plant } = this.#history;
    return plant === undefined ? undefined : plantNamed(plant);
  }

  /** Agents whose model says nothing and never will. */
  get hanging(): string[] {
    return [...(this.#living?.model.hanging ?? [])];
  }

  /** Cells in endless loops: nothing but a termination ends them. */
  get spinning(): string[] {
    return this.#living?.cells.spinning ?? [];
  }

  /** A machine dies, with all that it knows. */
  killMachine(cellId: string): void {
    this.#living?.cells.kill(cellId);
  }

  /** The engine is opened on what is on the disk; goes on in the background. */
  open(): void {
    this.#lives += 1;
    const number = this.#lives;
    const { setup } = this.#history;
    const model = new WorldModel(this.#models, setup.models, number);
    const own = this.#own.model;
    const asked = own === undefined ? model : watched(own(this.schedule, number), this.#models);
    const { registrar } = this;
    const answering = registrar === undefined ? asked : shown(asked, registrar, this.#models, number);
    const { inspector } = this;
    const cells = new WorldCells({
      later: (what, run) => void this.schedule.add(what, 0, number, run),
      fed: (cellId, n) => this.judge(() => inspector.cells.fed(inspector.picture, cellId, n)),
      wentOn: (cellId) => this.judge(() => inspector.cells.wentOn(cellId)),
      machine: this.#own.machine,
    });
    const stays = this.nextStays && this.events.length > 0;
    this.nextStays = false;
    const living: Living = { number, log: undefined, model, cells, life: undefined, trouble: undefined, stays };
    this.#living = living;
    const here = () => this.#living === living;
    this.#begin(living, this.#plant?.model?.(answering, number) ?? answering).then(
      (life) => {
        if (!here()) return;
        living.life = life;
        if (stays) this.judge(() => inspector.waits.stopping());
      },
      (error) => {
        if (here()) living.trouble = error;
      },
    );
  }

  async #begin(living: Living, model: Model): Promise<Life> {
    const { seed, setup } = this.#history;
    const { number } = living;
    const plant = this.#plant;
    const disk = await this.disk.open(number);
    const log = this.#patience.log(plant?.log?.(disk) ?? disk);
    living.log = log;
    const { decide } = this.#own;
    const tamper = decide === undefined ? plant?.engine?.() : { ...plant?.engine?.(), decide };
    const world = {
      log,
      clock: virtualClock(this.schedule, number, () => this.skewMs),
      newId: this.#newId,
      models: (_state: unknown, ask: AskClient) => (name: string) => {
        if (name === 'client') return throughClient(model, ask);
        if (name !== 'script' && name !== 'other')
          throw new Failure('HOLDFAST_UNKNOWN_MODEL', `the fleet has no model ${name}`);
        return model;
      },
      hosts: hostsSeenThrough(this.hosts.door(number), plant?.host && ((host) => plant.host!(host, number))),
      ...(this.registrar && { identity: () => this.registrar!.ports(number) }),
      ...(this.workspaces && { workspaces: this.workspaces.port(number) }),
      environment: () => ({}),
      cells: { runtime: living.cells },
      machine: { bootId: `boot ${seed}`, pid: number, version: 'world' },
      ...(this.secrets && { secrets: this.secrets.open() }),
      ...(setup.snapshotEvery !== undefined && { snapshotEvery: setup.snapshotEvery }),
      ...(tamper && { tamper }),
    };
    const { config } = this.registrar ?? {};
    const file = () => fileOf(setup, config);
    const fresh = this.events.length === 0 ? { fleetId: this.#newId(), cwd: '/work', file: file() } : undefined;
    return Life.begin(world, fresh, living.stays ? 'stay' : 'go on');
  }

  /** The engine dies. `synced`: the disk was quicker than death. */
  async crash(cut: Cut): Promise<void> {
    const living = this.#living;
    if (living === undefined) return;
    this.#living = undefined;
    this.crashes += 1;
    this.clients.cut();
    this.hosts.cut(living.number);
    const inTime = this.disk.cut(living.number, cut);
    living.life?.hands.stop();
    if (inTime) await this.#settle();
    this.schedule.drop(living.number);
    this.look();
  }

  /** The engine is stopped in order. */
  stop(processes: 'leave' | 'end' = 'leave'): Promise<void> {
    const living = this.#living!;
    this.inspector.waits.stopping();
    this.clients.cut();
    return living.life!.stop('asked to', processes).then(() => {
      if (this.#living === living) this.#living = undefined;
      this.schedule.drop(living.number);
    });
  }

  /** Payloads are removed while nobody lives. */
  forget(payloads: readonly Payload[], answered: (answer: Answer<Forgotten>) => void): Forgetting {
    this.#lives += 1;
    const life = this.#lives;
    const { schedule, disk, hosts, secrets } = this;
    return new Forgetting(
      {
        life,
        disk,
        schedule,
        hosts,
        secrets,
        picture: this.inspector.picture,
        clock: virtualClock(schedule, life, () => this.skewMs),
        newId: this.#newId,
        tampered: (log) => this.#patience.log(this.#plant?.log?.(log) ?? log),
        judge: (check) => this.judge(check),
        settle: () => this.settle(),
      },
      payloads,
      answered,
    );
  }

  /** Faults stop, and whoever is asked from now on answers at once and for good. */
  calm(): void {
    this.#calm = true;
    this.disk.syncs.temper = { slow: 0, fail: 0 };
    this.registrar?.calm();
    this.workspaces?.calm();
    this.skewMs = 0;
  }

  /** Delivers one completion; false when nothing is to come any more. */
  async step(): Promise<boolean> {
    const task = this.schedule.next();
    if (task === undefined) return false;
    task.run();
    await this.#settle();
    this.look();
    return true;
  }

  /** Lets the engine run until it waits for the world. */
  async settle(): Promise<void> {
    await this.#settle();
    this.look();
  }

  /** Node runs a tick when no microtask is left: then everybody waits for the schedule. */
  #settle(): Promise<void> {
    this.#patience.rest();
    return new Promise((resolve) => process.nextTick(resolve));
  }

  /** Judges what is new on the disk, and whether the engine is well; throws the violation. */
  look(): void {
    this.judge(() => this.clients.look());
    if (this.#violation !== undefined) throw this.#violation;
    const trouble = this.#living?.life?.engine.failed ?? this.#living?.trouble;
    if (trouble instanceof Failure && trouble.code === 'HOLDFAST_LOG_WRITE_FAILED') return;
    if (trouble !== undefined) throw defect(trouble, this.inspector.picture.position);
  }

  /** The disk has failed this engine: it has to be opened again. */
  get failed(): boolean {
    return (this.#living?.life?.engine.failed ?? this.#living?.trouble) !== undefined;
  }

  /** For what is seen in the middle of the engine's work: a violation is thrown when the engine waits again. */
  judge(check: () => void): void {
    if (this.#violation !== undefined) return;
    try {
      this.inspector.look(this.events);
      this.#registered?.look(this.events);
      check();
    } catch (error) {
      this.#violation = defect(error, this.inspector.picture.position);
    }
  }
}
