/** One process host of the world, from its launch to its death: it owns its children and applies a request id once. */
import type { Exit, HostProcess, LaunchFailed, Started, StartRequest } from '../host/port.ts';
import { seatRequests } from '../host/seatRequests.ts';
import { type Terminals, Visitors } from '../host/visitors.ts';
import type { WorldConnection } from './connection.ts';
import type { WorldHosts } from './hosts.ts';
import { WorldProcess } from './processes.ts';
import type { WorldTerminal } from './terminal.ts';

type StartAnswer = Started | LaunchFailed;

export class WorldHost implements Terminals {
  readonly hostId: string;
  alive = true;
  /** Of engines. */
  readonly connections = new Set<WorldConnection>();
  /** Of people. */
  readonly seated = new Set<WorldConnection>();
  /** What people ask. */
  readonly requests: ReturnType<typeof seatRequests>;
  readonly #children = new Map<number, WorldProcess | { readonly failed: LaunchFailed }>();
  readonly #byRequest = new Map<string, StartAnswer>();
  readonly #written = new Map<string, 'written' | 'closed' | 'ended'>();
  readonly #signalled = new Map<string, boolean>();
  readonly #stoppedEarlier = new Set<number>();
  readonly #waiting = new Set<() => void>();
  readonly #hosts: WorldHosts;

  constructor(hostId: string, hosts: WorldHosts) {
    this.hostId = hostId;
    this.#hosts = hosts;
    const { schedule } = hosts.world;
    const visitors = new Visitors(
      this,
      (processId, typed) => {
        for (const connection of this.connections)
          connection.tell('what was typed', () => hosts.typings.tell(connection, processId, typed));
      },
      (ms, run) => schedule.add('typing that rests', ms, 'outside', run),
    );
    this.requests = seatRequests(hosts.visited(visitors, this));
  }

  get busy(): boolean {
    return [...this.#children.values()].some((child) => 'alive' in child && child.alive);
  }

  die(): void {
    this.alive = false;
    for (const connection of [...this.connections, ...this.seated]) connection.lose();
  }

  get(processId: number): WorldTerminal | undefined {
    const child = this.#children.get(processId);
    return child !== undefined && 'alive' in child ? child.terminal : undefined;
  }

  live(processId: number): WorldTerminal | undefined {
    const terminal = this.get(processId);
    return terminal?.live === true ? terminal : undefined;
  }

  resize(processId: number, cols: number, rows: number): void {
    this.live(processId)?.resized(cols, rows);
  }

  start(request: StartRequest): StartAnswer {
    const { processId, requestId } = request;
    this.#hosts.heard.add(processId);
    const known = this.#byRequest.get(requestId);
    if (known !== undefined) return known;
    const { seed, schedule, launched, command } = this.#hosts.world;
    const course = command?.(request.argv.at(-1) ?? '', processId);
    const trouble = this.#stoppedEarlier.has(processId)
      ? 'a stop of this process came before its start'
      : this.#children.has(processId) || this.#hosts.processes.get(processId)?.exit !== undefined
        ? `process id ${processId} has been used`
        : WorldProcess.trouble(request, seed, course);
    let answer: StartAnswer;
    if (trouble !== undefined) {
      answer = { processId, requestId, error: trouble };
      this.#hosts.failed.set(processId, trouble);
      this.#children.set(processId, { failed: answer });
    } else {
      launched(processId);
      const ended = (process: WorldProcess) => this.#ended(process);
      const process = new WorldProcess(request, {
        ...{ seed, schedule, hostId: this.hostId, ended, course },
        typed: (id, bytes) => {
          this.#hosts.typed(id, bytes);
          this.grew();
        },
      });
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
      connection.tell('an exit', () => this.#hosts.exits.tell(connection, processId, process.exit!));
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
    if (open && result === 'written') {
      child.inputs += 1;
      child.write(bytes);
    }
    this.grew();
    return result;
  }

  /** Output has grown. */
  grew(): void {
    for (const look of [...this.#waiting]) look();
  }

  signal(requestId: string, processId: number, signal: string): boolean {
    const child = this.#children.get(processId);
    const before = this.#signalled.get(requestId);
    if (before !== undefined) return before;
    const open = child !== undefined && 'alive' in child && child.alive;
    this.#signalled.set(requestId, open);
    if (open) child.end(null, signal);
    return open;
  }

  find(requestId: string): HostProcess | undefined {
    return this.list().find((process) => process.requestId === requestId);
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

  /** `more`: resolves when there is more output than that, too. */
  wait(
    processId: number,
    waitMs: number,
    more: number,
    then: (result: { size: number; exit?: Exit } | undefined) => void,
  ): void {
    const child = this.#children.get(processId) ?? this.#hosts.processes.get(processId);
    if (child === undefined || 'failed' in child) {
      then(undefined);
      return;
    }
    if (!child.alive || child.size > more) {
      then({ size: child.size, ...(child.exit && { exit: child.exit }) });
      return;
    }
    const done = () => {
      cancel();
      this.#waiting.delete(look);
      then({ size: child.size, ...(child.exit && { exit: child.exit }) });
    };
    const look = () => {
      if (!child.alive || child.size > more) done();
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
        : child.terminal.view(),
    );
  }

  acknowledge(processId: number): void {
    const child = this.#children.get(processId);
    if (child === undefined || ('alive' in child && child.alive)) return;
    this.#children.delete(processId);
  }
}
