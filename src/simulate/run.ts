/** Runs one history: its steps in a world full of faults, then calm until everything is at rest, then a stop in order. */
import type { Command } from '../decide/command.ts';
import type { Answer } from '../engine/engine.ts';
import { canonical } from '../log/canonical.ts';
import { sameFolds, wholeChain } from './check/folds.ts';
import { noSlotHeld } from './check/slots.ts';
import { holds, Violation } from './check/violation.ts';
import type { History, Step } from './history.ts';
import { mix, Random } from './random.ts';
import { World } from './world.ts';

/** More completions than any history needs to come to rest: whoever is not at rest by then never will be. */
const stepsMax = 50_000;
/** Virtual time in which everything pending ends once faults have stopped: longer than any wait and any retry. */
const restMs = 3_600_000;

export interface Report {
  readonly steps: number;
  /** Batches: commands that changed something, from outside and inside. */
  readonly batches: number;
  readonly events: number;
  readonly crashes: number;
  readonly syncFailures: number;
  /** State hash and chain hash at the end: the same for the same seed on every machine. */
  readonly stateHash: string;
  readonly logHash: string;
}

export interface RunOptions {
  /** The costlier of the checks: folds in pages inside immer, the whole hash chain. */
  readonly thorough?: boolean;
}

export async function runHistory(history: History, options: RunOptions = {}): Promise<Report> {
  const run = new Run(history);
  await run.steps();
  return run.rest(options.thorough === true);
}

class Run {
  readonly world: World;
  readonly #history: History;
  #delivered = 0;

  constructor(history: History) {
    this.#history = history;
    this.world = new World(history);
  }

  async steps(): Promise<void> {
    const { world } = this;
    world.open();
    await world.settle();
    for (const step of this.#history.steps) {
      for (let i = 0; i < step.after; i += 1) if (!(await this.#deliver())) break;
      await this.#take(step);
    }
  }

  async #take(step: Step): Promise<void> {
    const { world } = this;
    if (step.do === 'crash') {
      await world.crash(step.synced);
      world.skewMs = step.skewMs;
      world.open();
      await world.settle();
      return;
    }
    if (step.do === 'killHost') {
      world.hosts.kill(step.childrenToo);
      return;
    }
    await this.#until(() => world.life !== undefined, 'the engine does not open');
    if (step.do === 'restart') await this.#stop(true);
    else this.#ask(step);
    await world.settle();
  }

  #ask(step: Exclude<Step, { do: 'crash' | 'restart' | 'killHost' }>): void {
    const { world } = this;
    const life = world.life!;
    const here = () => world.life === life;
    if (step.do === 'look') {
      life.engine
        .read((state) => state.position)
        .then(
          (position) => here() && world.judge(() => world.effects.read(position)),
          () => {},
        );
      return;
    }
    const command = this.#command(step);
    const { key } = step;
    life.engine.submit(command, { by: 'operator', ...(key !== undefined && { key }) }).then(
      (answer) => here() && world.judge(() => this.#answered(command, key, answer)),
      () => {},
    );
  }

  #command(step: Exclude<Step, { do: 'crash' | 'restart' | 'killHost' | 'look' }>): Command {
    if (step.do === 'changeLimits') return { do: step.do, limits: step.limits };
    if (step.do === 'spawnRoot') {
      const { wake, name, model } = step;
      return {
        do: 'spawnRoot',
        cwd: '/work',
        prompt: 'begin',
        wake,
        model: model ?? 'script',
        ...(name !== undefined && { name }),
      };
    }
    const target = this.#target(step.target);
    if (step.do === 'send') return { do: step.do, target, text: step.text, followup: step.followup };
    if (step.do === 'interrupt') return { do: step.do, target, cascade: step.cascade };
    return { do: step.do, target };
  }

  #target(target: string): string {
    if (!target.startsWith('#')) return target;
    return [...this.world.inspector.picture.agents.keys()][Number(target.slice(1))] ?? 'nobody';
  }

  #answered(command: Command, key: string | undefined, answer: Answer): void {
    const { effects } = this.world;
    if (answer.ok) effects.answered(command.do, answer.answer as { mailId?: string; agentId?: string });
    if (key === undefined) return;
    const reused = !answer.ok && answer.refusal.code === 'HOLDFAST_KEY_REUSED';
    effects.keyed(key, canonical(command), canonical(answer), reused);
  }

  /** One completion; an engine whose disk has failed is opened again. False when nothing is to come. */
  async #deliver(): Promise<boolean> {
    const { world } = this;
    this.#delivered += 1;
    holds(this.#delivered <= stepsMax, 'LIVE', world.events.length, () => `no rest after ${stepsMax} completions`);
    const came = await world.step();
    if (!world.failed) return came;
    await world.crash(false);
    world.open();
    await world.settle();
    return true;
  }

  async #until(condition: () => boolean, otherwise: string): Promise<void> {
    while (!condition()) {
      if (!(await this.#deliver())) throw new Violation('LIVE', this.world.events.length, otherwise);
    }
  }

  /** False when the disk failed in the middle of it. */
  async #stop(again: boolean): Promise<boolean> {
    const { world } = this;
    const { life } = world;
    let stopped: boolean | undefined;
    world.stop().then(
      () => {
        stopped = true;
      },
      (error) => {
        stopped = false;
        world.judge(() => {
          if (life!.engine.failed === undefined)
            throw new Violation('PR1', world.events.length, `a stop in order fails: ${error}`);
        });
      },
    );
    await world.settle();
    await this.#until(
      () => stopped !== undefined || (world.life !== life && world.life !== undefined),
      'a stop in order does not end',
    );
    if (stopped === true && again) {
      world.open();
      await world.settle();
    }
    return stopped === true;
  }

  /** Faults stop: everything pending ends within a bound of virtual time. */
  async rest(thorough: boolean): Promise<Report> {
    const { world } = this;
    world.calm = true;
    world.disk.temper = { slow: 0, fail: 0 };
    world.skewMs = 0;
    await this.#until(() => world.life !== undefined, 'the engine does not open');
    if (world.failed) throw new Violation('LIVE', world.events.length, 'the engine does not open');
    const life = world.life!;
    const { engine } = life;
    // Without a slot nobody's turn would ever come.
    if (world.inspector.picture.activeTurns === 0)
      await this.#asked(engine.submit({ do: 'changeLimits', limits: { activeTurns: 1 } }, { by: 'operator' }));
    const until = world.schedule.now + restMs;
    let idle = false;
    engine.whenIdle().then(
      () => {
        idle = true;
      },
      () => {},
    );
    await world.settle();
    while (!idle) {
      holds(
        world.schedule.now <= until,
        'LIVE',
        world.events.length,
        () => `no rest within ${restMs} ms: ${this.#pending()}`,
      );
      if (await this.#deliver()) continue;
      // Only a model that hangs may keep a turn for ever; it is interrupted.
      const hanging = world.hanging;
      if (hanging.length === 0)
        throw new Violation('LIVE', world.events.length, `nothing is to come and there is no rest: ${this.#pending()}`);
      for (const agentId of hanging) {
        engine.submit({ do: 'interrupt', target: agentId }, { by: 'operator' }).catch(() => {});
        await world.settle();
      }
    }
    return this.#end(thorough);
  }

  async #asked(answer: Promise<unknown>): Promise<void> {
    let done = false;
    answer.then(() => {
      done = true;
    });
    await this.world.settle();
    await this.#until(() => done, 'a command is not answered');
  }

  #pending(): string {
    const { picture } = this.world.inspector;
    const turns = [...picture.turns.values()].map(({ agent, parked, sampling, calls }) => {
      const what = sampling ? 'sampling' : [...calls.values()].map((call) => call.tool).join(', ');
      return `${agent.path} ${parked ? 'parked ' : ''}(${what})`;
    });
    const queued = [...picture.trees.values()].flatMap((tree) =>
      tree.queue.map((entry) => `${entry.agent.path} queued`),
    );
    return [...turns, ...queued].join('; ') || 'nobody runs or waits';
  }

  async #end(thorough: boolean): Promise<Report> {
    const { world } = this;
    const { picture, processes } = world.inspector;
    const { engine } = world.life!;
    noSlotHeld(picture);
    holds(picture.turns.size === 0, 'LIVE', picture.position, () => `the engine says idle: ${this.#pending()}`);
    const log = world.log!;
    await this.#stop(false);
    world.look();
    holds(
      processes.open().length === 0,
      'PR1',
      picture.position,
      () => `after a stop in order processes ${processes.open().join(', ')} have no end`,
    );
    world.effects.told();
    const left = world.hosts.running.map((process) => process.started.processId);
    holds(left.length === 0, 'PR1', picture.position, () => `after a stop in order processes ${left.join(', ')} run`);
    const random = new Random(mix(this.#history.seed, 'folds'));
    const hash = sameFolds(world.events, engine.state, random, thorough);
    if (thorough) await wholeChain(log);
    return {
      steps: this.#history.steps.length,
      batches: world.disk.storage.seals.size,
      events: world.events.length,
      crashes: world.crashes,
      syncFailures: world.disk.failures,
      stateHash: hash,
      logHash: log.head().hash,
    };
  }
}
