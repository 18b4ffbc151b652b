/** Process hosts of the world: each owns its children, applies a request id once, outlives the engine, and may die itself. */
import type { HostDoor } from '../engine/hostGate.ts';
import { Failure } from '../failure.ts';
import type { Exit, Host, Output, Typed } from '../host/port.ts';
import { WorldConnection } from './connection.ts';
import { WorldHost } from './host.ts';
import { Listeners } from './listeners.ts';
import type { OwnCommand } from './own.ts';
import type { WorldProcess } from './processes.ts';
import { mix, Random } from './random.ts';
import type { Schedule } from './schedule.ts';

export interface HostWorld {
  readonly seed: number;
  readonly schedule: Schedule;
  /** Requests as they leave the engine: nothing may leave before what it rests on is durable. */
  readonly asked: (what: 'start' | 'stop' | 'write' | 'acknowledge', processId: number, given?: string) => void;
  /** An operator has typed so many bytes. */
  readonly typed: (processId: number, bytes: number) => void;
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
  readonly #random: Random;
  #host: WorldHost | undefined;
  /** Hosts that were killed. */
  kills = 0;
  /** Of 100 launches: those that fail. */
  launchFails = 0;

  constructor(world: HostWorld) {
    this.world = world;
    this.#random = new Random(mix(world.seed, 'hosts'));
  }

  /** The host dies; its children live on, or die with it. */
  kill(childrenToo: boolean): boolean {
    const host = this.#host;
    if (host === undefined) return false;
    this.killed = true;
    this.#host = undefined;
    this.kills += 1;
    host.die();
    if (childrenToo)
      for (const process of this.processes.values()) if (process.hostId === host.hostId) process.end(null, 'SIGHUP');
    return true;
  }

  /** Somebody types at the n-th of the open terminals of the living host; nobody asks the engine. */
  type(nth: number, bytes: Uint8Array): void {
    const open = this.running.filter(({ request, hostId }) => request.tty && hostId === this.#host?.hostId);
    const process = open[nth % open.length];
    if (process === undefined) return;
    process.type(bytes);
    this.#host!.grew();
    const { processId } = process.started;
    const typed = process.typed!;
    this.world.typed(processId, bytes.length);
    // A host waits for a whole line before it tells: the process may end first.
    if (this.#random.chance(50)) return;
    for (const connection of this.#host!.connections)
      connection.tell('what was typed', () => this.typings.tell(connection, processId, typed));
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
      connection.close();
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
          ...(process.typed && { typed: process.typed }),
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
          answer(!host.live);
          if (!host.live) this.#leave(host, connection);
        }),
      disconnect: () => {
        connection.close();
        host.connections.delete(connection);
      },
    };
  }
}
