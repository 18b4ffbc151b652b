/** One life of the engine: opened on a log, recovered from what the last one left, and stopped in order. */
import type { FleetFile, IdentityConfig } from '../../events/fleetFile.ts';
import { awaitsPerson } from '../../projections/approvals.ts';
import type { State } from '../../projections/state.ts';
import type { RootGiven } from '../decide/command.ts';
import { allLive } from '../decide/leases.ts';
import { Failure } from '../failure.ts';
import type { IdentityPorts } from '../identity/port.ts';
import type { Log, SecretStore } from '../log/port.ts';
import type { AskClient } from '../models/peer.ts';
import type { Model } from '../models/port.ts';
import type { Workspaces } from '../workspaces/port.ts';
import { look, tokenPatterns } from './atHand.ts';
import { type CellParts, Cells } from './cells.ts';
import { Checkpoints, type Signing } from './checkpoints.ts';
import { ClientDoor } from './clientDoor.ts';
import type { Clock } from './clock.ts';
import { Commands } from './commands.ts';
import { Engine } from './engine.ts';
import { foldLog } from './fold.ts';
import { LiveHands } from './hands.ts';
import { type HostDoor, HostGate } from './hostGate.ts';
import { noSandbox } from './noSandbox.ts';
import { Peers } from './peers.ts';
import { Processes, type ProcessParts, stopGraceMs } from './processes.ts';
import { Questions } from './questions.ts';
import { Registrations } from './registrations.ts';
import { Secrets } from './secrets.ts';
import { Snapshots, type TakeSnapshot } from './snapshots.ts';
import type { Tamper } from './tamper.ts';
import { unservedHost } from './unserved.ts';
import { WorkspaceHands } from './workspaces.ts';

export interface World {
  readonly log: Log;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Who answers for a model of this fleet. */
  readonly models: (state: State, ask: AskClient) => (name: string) => Model;
  readonly hosts: HostDoor;
  readonly environment: ProcessParts['environment'];
  /** Who runs the scripts of cells, and within which limits; absent: nobody. */
  readonly cells?: Pick<CellParts, 'runtime' | 'limits'>;
  /** Where values that look like secrets are kept; absent: they are not looked for. */
  readonly secrets?: SecretStore;
  /** Whom agents are registered with, where the fleet file asks for it (TB1). */
  readonly identity?: (config: IdentityConfig) => IdentityPorts;
  /** Takes a snapshot without holding up the engine; absent: the engine waits for it. */
  readonly snapshot?: TakeSnapshot;
  /** Signs what the log is; absent: it is not signed. */
  readonly signing?: Signing;
  /** Who makes worktrees; absent: nobody. */
  readonly workspaces?: Workspaces;
  /** Events between two snapshots; absent: as many as make them worth it. */
  readonly snapshotEvery?: number;
  /** A planted defect, in simulations only. */
  readonly tamper?: Tamper;
  readonly machine: { readonly bootId: string; readonly pid: number; readonly version: string };
}

export interface NewFleet {
  readonly fleetId: string;
  readonly file: Omit<FleetFile, 'roots'> & { readonly roots: readonly RootGiven[] };
  /** Where agents work that say nothing else. */
  readonly cwd: string;
}

/** What another tool has lived cannot be gone on with: its models, processes and agents are not ours. */
function refuseImported({ fleet: { origin } }: State): void {
  if (origin === 'own') return;
  throw new Failure(
    'HOLDFAST_LOG_IMPORTED',
    `this log was imported from ${origin}: there is nothing in it that could go on`,
    {
      remedy: 'look at it with `show`, `log`, `why`, `replay --policy`; start a fleet of your own with `holdfast run`',
      details: { origin },
    },
  );
}

/** How long whoever has processes ended waits for it beyond TERM and KILL: for reaping, and for the sync of their ends. */
const stopSlackMs = 3_000;

export class Life {
  readonly engine: Engine;
  readonly hands: LiveHands;
  readonly cells: Cells;
  readonly #world: World;
  readonly #gate: HostGate;
  readonly #processes: Processes;
  readonly #snapshots: Snapshots;
  readonly #checkpoints: Checkpoints | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(
    world: World,
    engine: Engine,
    hands: LiveHands,
    cells: Cells,
    gate: HostGate,
    processes: Processes,
    snapshots: Snapshots,
    checkpoints: Checkpoints | undefined,
  ) {
    this.#processes = processes;
    this.#world = world;
    this.engine = engine;
    this.hands = hands;
    this.cells = cells;
    this.#gate = gate;
    this.#snapshots = snapshots;
    this.#checkpoints = checkpoints;
  }

  /**
   * `fresh`: the fleet to open when the log is empty; absent: the log must have one (LO9). `turns`: `stay` when only its
   * processes are to be looked after.
   */
  static async begin(world: World, fresh?: NewFleet, turns: 'go on' | 'stay' = 'go on'): Promise<Life> {
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
    let snapshotAt = 0;
    const state = await foldLog(log, { onSnapshot: (position) => (snapshotAt = position) });
    refuseImported(state);
    let processes: Processes | undefined;
    const gate = await HostGate.meet(
      world.hosts,
      newId,
      {
        lost: (hostId) => processes?.hostLost(hostId),
        exited: (processId, exit) => processes?.exited(processId, exit),
        typed: (processId, typed) => processes?.typed(processId, typed),
      },
      () => unservedHost(state, log, world.hosts, machine.bootId),
    );
    const hostId = () => gate.hostId;
    const { identity: asked, redact, checkpoints: interval } = fresh?.file ?? state.fleet.file ?? {};
    const ports = asked && world.identity?.(asked);
    const patterns = [...(redact?.patterns ?? []), ...tokenPatterns(ports)];
    const epoch = before.epoch + 1;
    const secrets = world.secrets && { secrets: new Secrets(world.secrets, patterns, epoch) };
    const tamper = world.tamper && { tamper: world.tamper };
    const cellLimits = world.cells?.limits && { cellLimits: world.cells.limits };
    const engine = new Engine({ log, clock, newId, hostId, state, epoch, ...cellLimits, ...secrets, ...tamper });
    processes = new Processes({ engine, gate, environment: world.environment, ...secrets });
    const commands = new Commands({ engine, gate, clock, newId, processes, ...secrets });
    const peers = new Peers(state);
    const models = world.models(state, peers.ask);
    const registrations = ports && { registrations: new Registrations({ engine, clock, ports, ...secrets }) };
    const cells = new Cells({ engine, log, clock, ...(world.cells ?? { runtime: noSandbox }), ...secrets });
    const clients = new ClientDoor({ engine, log, peers, ...secrets });
    const questions = new Questions({ engine, log, peers, putOff: (asked) => clients.putOff(asked) });
    const workspaces = new WorkspaceHands(engine, world.workspaces);
    const hands = new LiveHands({
      engine,
      log,
      clock,
      commands,
      processes,
      cells,
      clients,
      questions,
      model: models,
      workspaces,
      ...secrets,
      ...registrations,
    });
    engine.hands = hands;
    const aside = world.snapshot && { aside: world.snapshot };
    const { snapshotEvery: every } = world;
    const snapshots = new Snapshots({
      log,
      state,
      clock,
      at: snapshotAt,
      ...aside,
      ...(every !== undefined && { every }),
    });
    const checkpoints = world.signing && new Checkpoints(log, world.signing, clock, interval);
    const life = new Life(world, engine, hands, cells, gate, processes, snapshots, checkpoints);
    engine.onFailed(() => hands.stop());
    if (turns === 'stay') {
      engine.decidesCalls = false;
      hands.stop();
    }
    try {
      if (fresh !== undefined) await engine.submit({ do: 'open', ...machine, ...fresh }, { by: 'operator' });
      else {
        const identity = ports && look(ports);
        await engine.submit({ do: 'start', ...machine, ...(identity !== undefined && { identity }) });
      }
    } catch (error) {
      await life.abandon().catch(() => {});
      throw error;
    }
    return life;
  }

  /** Resolves when nothing is left to do: what ended while nobody ran is known, and the engine is idle. */
  async whenIdle(): Promise<void> {
    await this.#met();
    await this.engine.whenIdle();
  }

  get clients(): ClientDoor {
    return this.hands.clients;
  }

  get state(): State {
    return this.engine.state;
  }

  /**
   * Stops in order: turns in progress stay in progress. Live processes are left to their host, detached, or with `end`
   * they are ended and their ends are recorded first (PR1).
   */
  async stop(reason: string, processes: 'leave' | 'end' = 'leave'): Promise<void> {
    this.#stopping ??= this.#stop(reason, processes);
    return this.#stopping;
  }

  async #stop(reason: string, processes: 'leave' | 'end'): Promise<void> {
    const { engine } = this;
    this.hands.stop();
    try {
      if (engine.failed === undefined) await this.#stopInOrder(reason, processes);
    } finally {
      // A host that has yet to be asked for a start is still needed: another one could not know that it never was.
      const needed = allLive(this.state).some(({ pid }) => pid === undefined);
      await this.#letGo(engine.failed === undefined && !needed);
    }
  }

  async #stopInOrder(reason: string, processes: 'leave' | 'end'): Promise<void> {
    const { engine, hands } = this;
    for (const connectionId of Object.keys(this.state.clients ?? {}))
      await engine.submit({ do: 'leaveClient', connectionId, reason: 'the engine stops' });
    if (processes === 'end') await engine.submit({ do: 'stopProcesses' });
    await this.#stopsDone();
    await hands.workspaces.settled();
    await engine.submit({ do: 'stop', reason });
    await this.#world.log.flush();
    await this.#snapshots.last();
    await this.#checkpoints?.last();
  }

  /** Lets go of everything at once, as a crash would: nothing more is written. For a start that fails, and for benches. */
  async abandon(): Promise<void> {
    this.hands.stop();
    await this.#letGo(false);
  }

  /** `endHost`: a host without children is not needed any more. */
  async #letGo(endHost: boolean): Promise<void> {
    this.#snapshots.stop();
    this.#checkpoints?.stop();
    await this.#world.cells?.runtime.close();
    await this.#gate.close(endHost);
    await this.#world.log.close();
  }

  /** What became of the processes that the last life left is known. */
  #met(): Promise<void> {
    return this.#processes.reconciled.catch(() => {});
  }

  #stopsDone(): Promise<boolean> {
    return this.reached((state) => allLive(state).every(({ stop }) => stop === undefined));
  }

  /** Resolves when nothing goes on but by the answer of a person, or a client that comes back. */
  async whenPersonNeeded(): Promise<void> {
    await this.#met();
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!awaitsPerson(this.state)) return;
        unfollow();
        resolve();
      };
      const unfollow = this.#world.log.follow(look);
      look();
    });
  }

  /** Resolves with true when the durable state is as told, with false when stopping a process must be over and it is not. */
  reached(condition: (state: State) => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const look = (over: boolean) => {
        const is = condition(this.state);
        if (!is && !over) return;
        cancel();
        unfollow();
        resolve(is);
      };
      const cancel = this.#world.clock.after(stopGraceMs + stopSlackMs, () => look(true));
      const unfollow = this.#world.log.follow(() => look(false));
      look(false);
    });
  }
}
