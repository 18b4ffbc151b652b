/** Process hosts of the world: each owns its children, applies a request id once, outlives the engine, and may die itself. */
import type { HostDoor } from '../engine/hostGate.ts';
import { Failure } from '../failure.ts';
import type { Exit, Host, HostProcess, LaunchFailed, Output, Started, StartRequest, Typed } from '../host/port.ts';
import { WorldConnection } from './connection.ts';
import { WorldProcess } from './processes.ts';
import { mix, Random } from './random.ts';
import type { Schedule } from './schedule.ts';

export interface HostWorld {
  readonly seed: number;
  readonly schedule: Schedule;
  /** Requests as they leave the engine: nothing may leave before what it rests on is durable. */
  readonly asked: (what: 'start' | 'stop' | 'write' | 'acknowledge', processId: number) => void;
  /** An operator has typed so many bytes. */
  readonly typed: (processId: number, bytes: number) => void;
  /** A process really begins to run. */
  readonly launched: (processId: number) => void;
}

type StartAnswer = Started | LaunchFailed;

class WorldHost {
  readonly hostId: string;
  alive = true;
  readonly connections = new Set<WorldConnection>();
  readonly #children = new Map<number, WorldProcess | { readonly failed: LaunchFailed }>();
  readonly #byRequest = new Map<string, StartAnswer>();
  readonly #written = new Map<string, 'written' | 'closed' | 'ended'>();
  readonly #stoppedEarlier = new Set<number>();
  readonly #waiting = new Set<() => void>();
  readonly #hosts: WorldHosts;

  constructor(hostId: string, hosts: WorldHosts) {
    this.hostId = hostId;
    this.#hosts = hosts;
  }

  get live(): boolean {
    return [...this.#children.values()].some((child) => 'alive' in child && child.alive);
  }

  die(): void {
    this.alive = false;
    for (const connection of this.connections) connection.lose();
  }

  start(request: StartRequest): StartAnswer {
    const { processId, requestId } = request;
    this.#hosts.heard.add(processId);
    const known = this.#byRequest.get(requestId);
    if (known !== undefined) return known;
    const { seed, schedule, launched } = this.#hosts.world;
    const trouble = this.#stoppedEarlier.has(processId)
      ? 'a stop of this process came before its start'
      : this.#children.has(processId) || this.#hosts.processes.get(processId)?.exit !== undefined
        ? `process id ${processId} has been used`
        : WorldProcess.trouble(request, seed);
    let answer: StartAnswer;
    if (trouble !== undefined) {
      answer = { processId, requestId, error: trouble };
      this.#children.set(processId, { failed: answer });
    } else {
      launched(processId);
      const ended = (process: WorldProcess) => this.#ended(process);
      const process = new WorldProcess(request, { seed, schedule, hostId: this.hostId, ended });
      this.#children.set(processId, process);
      this.#hosts.processes.set(processId, process);
      answer = process.started;
    }
    this.#byRequest.set(requestId, answer);
    return answer;
  }

  #ended(process: WorldProcess): void {
    const { processId } = process.started;
    // Nobody records the end of an orphan.
    if (!this.alive) {
      process.exit = undefined;
      return;
    }
    for (const connection of this.connections)
      connection.tell('an exit', () => this.#hosts.exits.get(connection)?.(processId, process.exit!));
    for (const look of [...this.#waiting]) look();
  }

  write(requestId: string, processId: number, bytes: Uint8Array): 'written' | 'closed' | 'ended' | 'unknown' {
    const child = this.#children.get(processId);
    if (child === undefined) return 'unknown';
    const before = this.#written.get(requestId);
    if (before !== undefined) return before;
    const open = 'alive' in child && child.alive;
    const result = !open ? 'ended' : child.request.tty ? 'written' : 'closed';
    this.#written.set(requestId, result);
    if (open && result === 'written') child.write(bytes);
    return result;
  }

  stop(processId: number, graceMs: number, then: (exit: Exit | undefined) => void): void {
    const child = this.#children.get(processId);
    if (child === undefined) {
      const exit = this.#hosts.processes.get(processId)?.exit;
      if (exit === undefined) this.#stoppedEarlier.add(processId);
      then(exit);
    } else if ('failed' in child) then(undefined);
    else if (!child.alive) then(child.exit);
    else child.stop(graceMs, () => then(child.exit));
  }

  wait(processId: number, waitMs: number, then: (result: { size: number; exit?: Exit } | undefined) => void): void {
    const child = this.#children.get(processId) ?? this.#hosts.processes.get(processId);
    if (child === undefined || 'failed' in child) {
      then(undefined);
      return;
    }
    if (!child.alive) {
      then({ size: child.size, ...(child.exit && { exit: child.exit }) });
      return;
    }
    const done = () => {
      cancel();
      this.#waiting.delete(look);
      then({ size: child.size, ...(child.exit && { exit: child.exit }) });
    };
    const look = () => {
      if (!child.alive) done();
    };
    const cancel = this.#hosts.world.schedule.add('the end of a wait', waitMs, 'outside', done);
    this.#waiting.add(look);
  }

  list(): HostProcess[] {
    return [...this.#children].map(([processId, child]) =>
      'failed' in child
        ? {
            processId,
            requestId: child.failed.requestId,
            launchFailed: child.failed.error,
            size: 0,
            tty: false,
            command: [],
          }
        : {
            processId,
            requestId: child.request.requestId,
            started: child.started,
            size: child.size,
            tty: child.request.tty,
            command: child.request.argv,
            ...(child.exit && { exit: child.exit }),
            ...(child.typed && { typed: child.typed }),
          },
    );
  }

  acknowledge(processId: number): void {
    const child = this.#children.get(processId);
    if (child === undefined || ('alive' in child && child.alive)) return;
    this.#children.delete(processId);
  }
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
  readonly exits = new Map<WorldConnection, (processId: number, exit: Exit) => void>();
  readonly typings = new Map<WorldConnection, (processId: number, typed: Typed) => void>();
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
    const { processId } = process.started;
    const typed = process.typed!;
    this.world.typed(processId, bytes.length);
    // A host waits for a whole line before it tells: the process may end first.
    if (this.#random.chance(50)) return;
    for (const connection of this.#host!.connections)
      connection.tell('what was typed', () => this.typings.get(connection)?.(processId, typed));
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
        asked('start', request.processId);
        return connection.request(
          'a start',
          now(() => host.start(request)),
        );
      },
      write: (requestId, processId, bytes) => {
        asked('write', processId);
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
      signal: () =>
        connection.request(
          'a signal',
          now(() => false),
        ),
      stop: (_requestId, processId, graceMs) => {
        asked('stop', processId);
        return connection.request('a stop', (answer) => host.stop(processId, graceMs, answer));
      },
      wait: (processId, waitMs, signal) =>
        connection.request('a wait', (answer) => host.wait(processId, waitMs, answer), signal),
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
      find: () =>
        connection.request(
          'a find',
          now(() => undefined),
        ),
      acknowledge: (processId) => {
        asked('acknowledge', processId);
        return connection.request(
          'an acknowledgement',
          now(() => host.acknowledge(processId)),
        );
      },
      onExit: (listener) => {
        this.exits.set(connection, listener);
        return () => this.exits.delete(connection);
      },
      onTyped: (listener) => {
        this.typings.set(connection, listener);
        return () => this.typings.delete(connection);
      },
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
