/** Drives a world through the steps of a history: delivers completions, asks, kills, stops and opens again. */
import { statusOf } from '../../projections/status.ts';
import type { Command } from '../decide/command.ts';
import type { Answer } from '../engine/engine.ts';
import type { Life } from '../engine/life.ts';
import { Failure } from '../failure.ts';
import { canonical } from '../log/canonical.ts';
import { type Open, toldOf } from './check/linearizability.ts';
import type { Told } from './check/oneAtATime.ts';
import { holds, Violation } from './check/violation.ts';
import { drawPayloads, forgetCommand } from './forgetting.ts';
import type { History, Step } from './history.ts';
import type { Own } from './own.ts';
import { Random } from './random.ts';
import { kindOf } from './steps/kinds.ts';
import { World } from './world.ts';

/** More completions than any history needs to come to rest: whoever is not at rest by then never will be. */
const completionsMax = 50_000;

/** Completions between two looks at the state of the engine. */
const watchEvery = 29;

/** Somebody dies after so many completions, whatever the steps say; the next kill counts from there. */
export interface Kill {
  readonly after: number;
  /** Of an engine: the disk was quicker than death. Of a host: its children live on. */
  readonly synced: boolean;
  /** Default: the engine. `child`: the newest process that runs. */
  readonly who?: 'engine' | 'host' | 'child';
}

export class Driver {
  readonly world: World;
  readonly #history: History;
  readonly #kills: Kill[];
  readonly #watch: ((life: Life) => void) | undefined;
  /** Completions so far. */
  delivered = 0;
  /** Completions since the last kill. */
  #unharmed = 0;
  /** The life that is being stopped in order. */
  #stopping: unknown;

  /** `watch`: called now and then, when everything that the engine has appended is durable. */
  constructor(history: History, kills: readonly Kill[], watch?: (life: Life) => void, own: Own = {}) {
    this.#watch = watch;
    this.#history = history;
    this.#kills = [...kills];
    this.world = new World(history, own);
  }

  async steps(): Promise<void> {
    await this.#settle();
    for (const step of this.#history.steps) {
      for (let i = 0; i < step.after; i += 1) if (!(await this.deliver())) break;
      await this.#take(step);
    }
  }

  async #take(step: Step): Promise<void> {
    const kind = kindOf(step);
    if ('happen' in kind) await kind.happen(this, step);
    else {
      await this.#opened();
      this.ask(
        kind.command(step, (target) => this.#target(target)),
        step.key,
      );
    }
    await this.#settle();
  }

  #opened(): Promise<void> {
    return this.until(() => this.world.life !== undefined, 'the engine does not open');
  }

  /** Somebody asks the open engine; the answer is held against the log and against a fleet that is asked one thing at a time. */
  ask(command: Command, key?: string): void {
    const { world } = this;
    const { inspector } = world;
    const life = world.life!;
    let open: Open | undefined;
    world.judge(() => {
      if (world.oneAtATime) open = inspector.linear.asked(inspector.picture, command, key);
    });
    life.engine.submit(command, { by: 'operator', ...(key !== undefined && { key }) }).then(
      (answer) =>
        world.life === life &&
        world.judge(() => {
          this.#answered(command, key, answer);
          open?.answered(answer.ok ? (answer.answer as Told) : toldOf(answer.refusal));
        }),
      () => {},
    );
  }

  /** Somebody reads the state; what is seen is held against what is durable when it is given. */
  async read(): Promise<void> {
    await this.#opened();
    const { world } = this;
    const { inspector } = world;
    const life = world.life!;
    let open: Open | undefined;
    world.judge(() => {
      if (world.oneAtATime) open = inspector.linear.reading(inspector.picture);
    });
    life.engine
      .read((state) => ({
        position: state.position,
        agents: Object.fromEntries(Object.values(state.agents).map((a) => [a.agentId, statusOf(state, a).is])),
      }))
      .then(
        (told) =>
          world.life === life &&
          world.judge(() => {
            world.effects.read(told.position);
            open?.answered(told);
          }),
        () => {},
      );
  }

  /** Somebody looks at a cell from the start; what is seen is held against what is durable. */
  async observe(cellId: string, waitMs: number, reader: string | undefined): Promise<void> {
    await this.#opened();
    const { world } = this;
    const life = world.life!;
    const looking = life.cells.door.observe(cellId, { from: 0, waitMs, ...(reader !== undefined && { reader }) });
    looking.then(
      (answer) => world.life === life && world.judge(() => world.effects.seen(cellId, answer)),
      () => {},
    );
  }

  /** The history of a running agent is too long for its model, and so many times in a row what is left of it. */
  async overflow(which: number, times: number): Promise<void> {
    await this.#opened();
    const { turns } = this.world.inspector.picture;
    const turn = [...turns.values()][which % Math.max(1, turns.size)];
    if (turn !== undefined) this.world.tooLong.set(turn.agent.id, times);
  }

  /** The engine is stopped in order, unless it is stopping, and is opened again. */
  async restart(): Promise<void> {
    await this.#opened();
    if (this.#stopping !== this.world.life) this.stop();
  }

  /** Somebody looks after the processes of a fleet whose turns are to stay where they are. */
  async stay(): Promise<void> {
    await this.restart();
    this.world.nextStays = true;
  }

  /** Between two lives somebody has payloads removed; `cutAfter` so many completions the machine dies. */
  async forget(chance: number, cutAfter = Number.POSITIVE_INFINITY): Promise<void> {
    const { world } = this;
    await this.ready();
    await this.stopped('leave');
    const payloads = drawPayloads(new Random(chance), world.events, world.secrets !== undefined);
    const { inspector } = world;
    const open = world.oneAtATime
      ? inspector.linear.asked(inspector.picture, forgetCommand(payloads), undefined)
      : undefined;
    const forgetting = world.forget(payloads, (answer) =>
      open?.answered(answer.ok ? (answer.answer as unknown as Told) : toldOf(answer.refusal)),
    );
    for (let left = cutAfter; left > 0 && !forgetting.over; left -= 1) {
      this.#count();
      if (!(await world.step())) break;
    }
    await forgetting.end(chance % 2 === 0);
  }

  #target(target: string): string {
    if (!target.startsWith('#')) return target;
    return [...this.world.inspector.picture.agents.keys()][Number(target.slice(1))] ?? 'nobody';
  }

  #answered(command: Command, key: string | undefined, answer: Answer): void {
    const { effects, inspector } = this.world;
    if (answer.ok) effects.answered(command.do, answer.answer as { mailId?: string; agentId?: string });
    else if (typeof answer.refusal.details?.refusalId === 'string') effects.refused(answer.refusal.details.refusalId);
    if (answer.ok && command.do === 'close') effects.closed(command.target);
    if (key === undefined) {
      const hit = answer.ok && command.do === 'interrupt' && (answer.answer as { interrupted: boolean }).interrupted;
      if (hit) inspector.interruptions.told(command.target);
      return;
    }
    const reused = !answer.ok && answer.refusal.code === 'HOLDFAST_KEY_REUSED';
    effects.keyed(key, canonical(command), canonical(answer), reused);
  }

  /** One completion; an engine whose disk has failed is opened again. False when nothing is to come. */
  async deliver(): Promise<boolean> {
    const { world } = this;
    this.#count();
    if (this.#watch !== undefined && this.delivered % watchEvery === 0) this.#look(this.#watch);
    const [kill] = this.#kills;
    if (kill !== undefined && this.#unharmed === kill.after) {
      this.#kills.shift();
      this.#unharmed = 0;
      if (kill.who === 'host') world.hosts.kill(!kill.synced);
      else if (kill.who === 'child') world.hosts.running.at(-1)?.end(null, 'SIGKILL');
      else await world.crash({ synced: kill.synced, power: false });
      await this.#settle();
      return true;
    }
    this.#unharmed += 1;
    const came = await world.step();
    if (world.failed) await world.crash({ synced: false, power: false });
    return (await this.#open()) || came;
  }

  /** Every history ends. */
  #count(): void {
    this.delivered += 1;
    const { length } = this.world.events;
    holds(this.delivered <= completionsMax, 'LIVE', length, () => `no rest after ${completionsMax} completions`);
  }

  #look(watch: (life: Life) => void): void {
    const { life, log } = this.world;
    if (life !== undefined && log?.head().position === this.world.events.length) watch(life);
  }

  async #settle(): Promise<boolean> {
    await this.world.settle();
    return this.#open();
  }

  /** Whoever has stopped or failed is opened again: then it is true. */
  async #open(): Promise<boolean> {
    const { world } = this;
    if (world.alive) return false;
    world.open();
    await world.settle();
    return true;
  }

  async until(condition: () => boolean, otherwise: string): Promise<void> {
    while (!condition()) {
      if (!(await this.deliver())) throw new Violation('LIVE', this.world.events.length, otherwise);
    }
  }

  /** Goes on in the background: commands and crashes may come in the middle of it. */
  stop(processes: 'leave' | 'end' = 'leave'): void {
    const { world } = this;
    const life = world.life!;
    this.#stopping = life;
    world.stop(processes).then(
      () => {
        this.#stopping = undefined;
      },
      (error) => {
        if (world.life !== life || life.engine.failed !== undefined) return;
        this.#stopping = undefined;
        const full = error instanceof Failure && error.code === 'HOLDFAST_LOG_WRITE_FAILED';
        // What is acknowledged is there: only the last checkpoint is missing.
        if (full) world.crash({ synced: false, power: false });
        else world.judge(() => holds(false, 'PR1', world.events.length, () => `a stop in order fails: ${error}`));
      },
    );
  }

  /** Stops in order and waits until it is done; nobody is opened again. */
  async stopped(processes: 'leave' | 'end'): Promise<void> {
    const { world } = this;
    this.stop(processes);
    await world.settle();
    while (world.alive) {
      this.#count();
      const came = await world.step();
      // A disk that fails in the middle is a death like any other: nobody lives after it either.
      if (world.failed) await world.crash({ synced: false, power: false });
      holds(came || !world.alive, 'LIVE', world.events.length, () => 'a stop in order does not end');
    }
    world.look();
  }

  /** Open, not about to stop, and its turns go on. */
  async ready(): Promise<void> {
    const { world } = this;
    const open = () => world.life !== undefined && this.#stopping !== world.life;
    const opened = () => this.until(open, 'the engine does not open, or a stop in order does not end');
    await opened();
    if (!world.stays) return;
    this.stop();
    await this.#settle();
    await opened();
  }
}
