/** One life of the engine: opened on a log, recovered from what the last one left, and stopped in order. */
import type { FleetFile } from '../../events/fleetFile.ts';
import { type State, stateVersion } from '../../projections/state.ts';
import type { RootGiven } from '../decide/command.ts';
import { Failure } from '../failure.ts';
import type { Log } from '../log/port.ts';
import type { Model } from '../models/port.ts';
import type { Clock } from './clock.ts';
import { type CommandParts, Commands, stopGraceMs } from './commands.ts';
import { Engine } from './engine.ts';
import { foldLog, stateHash } from './fold.ts';
import { LiveHands } from './hands.ts';
import { type HostDoor, HostGate } from './hostGate.ts';
import { type SecretStore, Secrets } from './secrets.ts';
import { unservedHost } from './unserved.ts';

export interface World {
  readonly log: Log;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Who answers for a model of this fleet. */
  readonly models: (state: State) => (name: string) => Model;
  readonly hosts: HostDoor;
  readonly environment: CommandParts['environment'];
  /** Where values that look like secrets are kept; absent: they are not looked for. */
  readonly secrets?: SecretStore;
  readonly machine: { readonly bootId: string; readonly pid: number; readonly version: string };
}

export interface NewFleet {
  readonly fleetId: string;
  readonly file: Omit<FleetFile, 'roots'> & { readonly roots: readonly RootGiven[] };
  /** Where agents work that say nothing else. */
  readonly cwd: string;
}

/** A snapshot is taken after this many events, so that a start has at most about as many to read. */
const snapshotEvents = 50_000;
/** A snapshot costs as much as there are agents: it has to be worth it. */
const snapshotEventsPerAgent = 4;
/** Fewer events than this are read faster than a snapshot is written. */
const snapshotEventsMin = 2_000;
/** How long a stop in order waits for its processes beyond TERM, KILL and reaping. */
const stopSlackMs = 3_000;

export class Life {
  readonly engine: Engine;
  readonly hands: LiveHands;
  readonly #world: World;
  readonly #gate: HostGate;
  readonly #unfollow: () => void;
  #snapshotAt: number;
  #stopping: Promise<void> | undefined;

  private constructor(world: World, engine: Engine, hands: LiveHands, gate: HostGate) {
    this.#world = world;
    this.engine = engine;
    this.hands = hands;
    this.#gate = gate;
    this.#snapshotAt = engine.state.position;
    this.#unfollow = world.log.follow(() => {
      this.#maybeSnapshot(snapshotEvents).catch(() => {});
    });
  }

  /** `fresh`: the fleet to open when the log is empty; absent: the log must have one (LO9). */
  static async begin(world: World, fresh?: NewFleet): Promise<Life> {
    const { log, clock, newId, machine } = world;
    const before = log.head();
    if (before.position === 0 && fresh === undefined) {
      throw new Failure('HOLDFAST_LOG_EMPTY', 'there is no fleet in this log yet', {
        remedy: 'start one with `holdfast run FLEET.json`',
      });
    }
    if (before.position > 0 && fresh !== undefined) {
      throw new Failure('HOLDFAST_LOG_IN_USE', `this log already holds a fleet (${before.position} events)`, {
        remedy: 'continue it with `holdfast resume`, or give another folder with --log',
        details: { events: before.position },
      });
    }
    const state = await foldLog(log);
    let commands: Commands | undefined;
    const gate = await HostGate.meet(
      world.hosts,
      newId,
      {
        lost: (hostId) => commands?.hostLost(hostId),
        exited: (processId, exit) => commands?.exited(processId, exit),
      },
      () => unservedHost(state, log, world.hosts, machine.bootId),
    );
    const hostId = () => gate.hostId;
    const patterns = (fresh?.file ?? state.fleet.file)?.redact?.patterns;
    const secrets = world.secrets && { secrets: new Secrets(world.secrets, patterns) };
    const engine = new Engine({ log, clock, newId, hostId, state, epoch: before.epoch + 1, ...secrets });
    commands = new Commands({ engine, gate, clock, newId, environment: world.environment, ...secrets });
    const models = world.models(state);
    const hands = new LiveHands({ engine, log, clock, commands, model: models, ...secrets });
    engine.hands = hands;
    const life = new Life(world, engine, hands, gate);
    engine.onFailed(() => hands.stop());
    await engine.submit(fresh === undefined ? { do: 'start', ...machine } : { do: 'open', ...machine, ...fresh }, {
      by: fresh === undefined ? 'engine' : 'operator',
    });
    return life;
  }

  get state(): State {
    return this.engine.state;
  }

  /** A cache (LO6): when it cannot be written, the next start reads the log from further back. */
  async #maybeSnapshot(after: number): Promise<void> {
    const { log } = this.#world;
    const { position } = this.engine.state;
    if (
      position - this.#snapshotAt <
      Math.max(after, snapshotEventsPerAgent * Object.keys(this.engine.state.agents).length)
    )
      return;
    this.#snapshotAt = position;
    const state = structuredClone(this.engine.state);
    await log.flush();
    for await (const page of log.readHashed({ from: position, to: position })) {
      const hash = page.at(-1)?.hash;
      if (hash !== undefined)
        await log.putSnapshot({ stateVersion, position, hash, stateHash: stateHash(state), state });
    }
  }

  /** Stops in order: processes end and their ends are recorded, turns in progress stay in progress (PR1). */
  async stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #stop(reason: string): Promise<void> {
    const { engine, hands } = this;
    hands.stop();
    if (engine.failed === undefined) {
      await engine.submit({ do: 'stopProcesses' });
      await this.#processesEnded();
      await engine.submit({ do: 'stop', reason });
      await this.#world.log.flush();
      await this.#maybeSnapshot(snapshotEventsMin).catch(() => {});
    }
    this.#unfollow();
    await this.#gate.close(engine.failed === undefined);
    await this.#world.log.close();
  }

  /** Lets go of everything at once, as a crash would: nothing more is written. For tests and a second Ctrl-C. */
  async abandon(): Promise<void> {
    this.hands.stop();
    this.#unfollow();
    await this.#gate.close(false);
    await this.#world.log.close();
  }

  async #processesEnded(): Promise<void> {
    const ended = () => Object.keys(this.state.processes.live).length === 0;
    if (ended()) return;
    await new Promise<void>((resolve) => {
      let unfollow = () => {};
      const cancel = this.#world.clock.after(stopGraceMs + stopSlackMs, () => {
        unfollow();
        resolve();
      });
      unfollow = this.#world.log.follow(() => {
        if (!ended()) return;
        cancel();
        unfollow();
        resolve();
      });
      if (ended()) {
        cancel();
        unfollow();
        resolve();
      }
    });
  }
}
