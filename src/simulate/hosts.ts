/** Process hosts of the world: each owns its children, applies a request id once, outlives the engine, and may die itself. */
import type { HostDoor } from '../engine/hostGate.ts';
import { Failure } from '../failure.ts';
import type { Exit, Host, Output, Typed, Window } from '../host/port.ts';
import type { Caller } from '../host/server.ts';
import type { Terminals, Visiting } from '../host/visitors.ts';
import { KeyboardChecker } from './check/keyboards.ts';
import { WorldConnection } from './connection.ts';
import { WorldHost } from './host.ts';
import { Listeners } from './listeners.ts';
import type { OwnCommand } from './own.ts';
import { WorldPeople } from './people.ts';
import type { WorldProcess } from './processes.ts';
import { mix, Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import { saltOf } from './terminal.ts';

export interface HostWorld {
  readonly seed: number;
  readonly schedule: Schedule;
  /** Requests as they leave the engine: nothing may leave before what it rests on is durable. */
  readonly asked: (what: 'start' | 'stop' | 'write' | 'acknowledge', processId: number, given?: string) => void;
  /** So many bytes that a person has typed have reached a process. */
  readonly typed: (processId: number, bytes: number) => void;
  /** What people can do at its terminals, as a planted defect has it. */
  readonly seenThrough: (visitors: Visiting, terminals: Terminals) => Visiting;
  readonly judge: (check: () => void) => void;
  /** Events that are durable. */
  readonly position: () => number;
  /** What commands do; absent: what the seed makes up. */
  readonly command?: OwnCommand;
  /** A process really begins to run. */
  readonly launched: (processId: number) => void;
}

export class WorldHosts {
  readonly world: HostWorld;
  /** What is on disk and in the kernel: of all hosts. */
  readonly processes = new Map<number, WorldProcess>();
  /** A host has died before its time. */
  killed = false;
  /** A host has ended in order. */
  ended = false;
  /** Starts that reached a host. */
  readonly heard = new Set<number>();
  /** Of those, the ones that were refused or could not be launched; on disk, too. */
  readonly failed = new Map<number, string>();
  readonly exits = new Listeners<Exit>();
  readonly typings = new Listeners<Typed>();
  readonly keyboards: KeyboardChecker;
  readonly people: WorldPeople;
  readonly #random: Random;
  /** Of the connections of people. */
  readonly #connecting: Random;
  #host: WorldHost | undefined;
  /** Hosts that were killed. */
  kills = 0;
  /** Of 100 launches: those that fail. */
  launchFails = 0;

  constructor(world: HostWorld) {
    this.world = world;
    this.#random = new Random(mix(world.seed, 'hosts'));
    this.#connecting = new Random(mix(world.seed, 'people'));
    const { judge, position } = world;
    this.keyboards = new KeyboardChecker({ judge, position, process: (processId) => this.terminal(processId) });
    this.people = new WorldPeople(this, this.keyboards);
  }

  /** The host dies; its children live on, or die with it. */
  kill(childrenToo: boolean): boolean {
    const host = this.#host;
    if (host === undefined) return false;
    this.killed = true;
    this.#host = undefined;
    this.kills += 1;
    host.die();
    for (const process of this.processes.values())
      if (process.alive && process.request.tty && process.hostId === host.hostId) this.keyboards.left(process.terminal);
    if (childrenToo)
      for (const process of this.processes.values()) if (process.hostId === host.hostId) process.end(null, 'SIGHUP');
    return true;
  }

  /** Terminals of the living host that are open. */
  get terminals(): number[] {
    const open = this.running.filter(({ request, hostId }) => request.tty && hostId === this.#host?.hostId);
    return open.map(({ started }) => started.processId);
  }

  /** A process as people find it. */
  terminal(processId: number): { open: boolean; salt: string; window: Window | undefined } {
    const process = this.processes.get(processId);
    const open = process?.alive === true && process.request.tty && process.hostId === this.#host?.hostId;
    return { open, salt: saltOf(processId), window: process?.terminal.windows.at(-1) };
  }

  /** What a person has typed reaches a process. */
  typed(processId: number, bytes: Uint8Array): void {
    this.world.typed(processId, bytes.length);
    this.keyboards.reached(processId, bytes);
  }

  /** What people ask of a host: as it is seen through, and looked at. */
  visited(visitors: Visiting, terminals: Terminals): Visiting {
    return this.keyboards.watching(this.world.seenThrough(visitors, terminals));
  }

  /** Whoever passes by takes the keyboard, types and goes, all in one go. */
  type(processId: number, bytes: Uint8Array): void {
    const { requests } = this.#host!;
    const gone: (() => void)[] = [];
    const caller: Caller = { tell: () => {}, onGone: (listener) => gone.push(listener) };
    requests.join([processId], bytes, caller);
    requests.keyboard([processId, 'take'], bytes, caller);
    try {
      requests.type([processId], bytes, caller);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
    for (const leave of gone) leave();
  }

  /** Somebody comes to the living host; undefined: there is none. */
  visit() {
    const host = this.#host;
    if (host === undefined) return undefined;
    const { schedule } = this.world;
    const connection = new WorldConnection({
      ...{ life: 'outside', hostId: host.hostId, alive: () => host.alive, schedule, random: this.#connecting },
    });
    host.seated.add(connection);
    connection.partings.add(() => host.seated.delete(connection));
    return { connection, requests: host.requests };
  }

  /** Nobody can read any more what this process has written. */
  forgetOutput(processId: number): void {
    const process = this.processes.get(processId);
    if (process !== undefined) process.forgotten = true;
  }

  /** The engine of this life is gone. */
  cut(life: number): void {
    for (const connection of this.#host?.connections ?? []) {
      if (connection.life !== life) continue;
      connection.cut();
      this.#host!.connections.delete(connection);
    }
  }

  /** Processes that run now. */
  get running(): WorldProcess[] {
    return [...this.processes.values()].filter((process) => process.alive);
  }

  door(life: number): HostDoor {
    const { schedule } = this.world;
    const later = <A>(what: string, value: () => A): Promise<A> =>
      new Promise((resolve, reject) => {
        schedule.add(what, this.#random.chance(20) ? this.#random.between(1, 100) : 0, life, () => {
          try {
            resolve(value());
          } catch (error) {
            reject(error);
          }
        });
      });
    return {
      connect: () => later('a look for a host', () => this.#host && this.#connect(this.#host, life)),
      launch: (hostId) =>
        later('a launch of a host', () => {
          if (this.#random.chance(this.launchFails))
            throw new Failure('HOLDFAST_HOST_FAILED', 'the process host did not start', { retryable: true });
          this.#host = new WorldHost(hostId, this);
          return this.#connect(this.#host, life);
        }),
      readSpool: (processId, from, maxBytes): Output | undefined => this.processes.get(processId)?.read(from, maxBytes),
      remains: (processId) => {
        const process = this.processes.get(processId);
        const launchFailed = this.failed.get(processId);
        if (launchFailed !== undefined) return { launchFailed };
        if (process === undefined) return this.heard.has(processId) ? {} : { unasked: true };
        return {
          started: process.started,
          ...(process.exit && { exit: process.exit }),
          ...(process.terminal.kept.typed && { typed: process.terminal.kept.typed }),
        };
      },
      endOrphan: ({ processId }) =>
        later('the end of an orphan', () => {
          const process = this.processes.get(processId);
          const wasAlive = process?.alive === true;
          process?.end(null, 'SIGKILL');
          return { wasAlive };
        }),
    };
  }

  /** In order, for the one who asked; whoever has met the host since loses it. */
  #leave(host: WorldHost, asker: WorldConnection): void {
    host.alive = false;
    this.ended = true;
    if (this.#host === host) this.#host = undefined;
    for (const connection of host.seated) connection.lose();
    for (const connection of host.connections) {
      if (connection === asker) continue;
      this.killed = true;
      connection.lose();
    }
  }

  #connect(host: WorldHost, life: number): Host {
    const { schedule, asked } = this.world;
    const connection = new WorldConnection({
      life,
      hostId: host.hostId,
      alive: () => host.alive,
      schedule,
      random: this.#random,
    });
    host.connections.add(connection);
    const now =
      <A>(act: () => A) =>
      (answer: (value: unknown) => void) =>
        answer(act());
    return {
      hostId: host.hostId,
      start: (request) => {
        asked('start', request.processId, request.argv.join(' '));
        return connection.request(
          'a start',
          now(() => host.start(request)),
        );
      },
      write: (requestId, processId, bytes) => {
        asked('write', processId, Buffer.from(bytes).toString());
        return connection.request(
          'a write',
          now(() => host.write(requestId, processId, bytes)),
        );
      },
      resize: () =>
        connection.request(
          'a resize',
          now(() => undefined),
        ),
      signal: (requestId, processId, signal) =>
        connection.request(
          'a signal',
          now(() => host.signal(requestId, processId, signal)),
        ),
      stop: (_requestId, processId, graceMs) => {
        asked('stop', processId);
        return connection.request('a stop', (answer) => host.stop(processId, graceMs, answer));
      },
      wait: (processId, waitMs, signal, more = Number.POSITIVE_INFINITY) =>
        connection.request('a wait', (answer) => host.wait(processId, waitMs, more, answer), signal),
      read: (processId, from, maxBytes) =>
        connection.request(
          'a read',
          now(() => this.processes.get(processId)?.read(from, maxBytes)),
        ),
      list: () =>
        connection.request(
          'a list',
          now(() => host.list()),
        ),
      find: (requestId) =>
        connection.request(
          'a find',
          now(() => host.find(requestId)),
        ),
      acknowledge: (processId) => {
        asked('acknowledge', processId);
        return connection.request(
          'an acknowledgement',
          now(() => host.acknowledge(processId)),
        );
      },
      onExit: (listener) => this.exits.add(connection, listener),
      onTyped: (listener) => this.typings.add(connection, listener),
      onLost: (listener) => {
        connection.losses.add(listener);
        return () => connection.losses.delete(listener);
      },
      endIfEmpty: () =>
        connection.request('an order to end', (answer) => {
          answer(!host.busy);
          if (!host.busy) this.#leave(host, connection);
        }),
      disconnect: () => {
        connection.close();
        host.connections.delete(connection);
      },
    };
  }
}
