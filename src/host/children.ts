/**
 * The children of this host and what can be done to them. Requests that act are applied once: each child keeps the answer
 * per request id, and starts are found again by the next host, from their records on disk (P-23).
 */
import { Child } from './child.ts';
import { endFamily, marksOf, send } from './family.ts';
import { follow } from './followed.ts';
import { startPiped } from './piped.ts';
import type { Exit, HostProcess, LaunchFailed, Output, Started, StartRequest } from './port.ts';
import { bootId, runs, statOf } from './procfs.ts';
import { launchTrouble } from './program.ts';
import { endOf, forgetStart, keepEnd, keepStart, kept, openStarts, type StartRecord } from './records.ts';
import { inputFull } from './running.ts';
import { readSpool } from './spoolReader.ts';
import { startTerminal } from './terminal.ts';

const COLS = 80;
const ROWS = 24;
/** Longer timers fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;
const STOPPED_EARLIER = 'a stop of this process came before its start';

export interface ChildrenOptions {
  readonly logDir: string;
  readonly hostId: string;
  /** Bytes of output kept on disk per process. */
  readonly spoolBytesMax: number;
  readonly onExit: (processId: number, exit: Exit) => void;
}

export class Children {
  readonly #options: ChildrenOptions;
  readonly #byId = new Map<number, Child>();
  readonly #byRequest = new Map<string, Child>();
  readonly #starts = new Map<Child, Promise<Started | LaunchFailed>>();
  /** Stops of processes that were never started: a start that comes later is refused (P-11, P-20). */
  readonly #stoppedEarlier = new Set<number>();
  /** Families being ended. */
  #stops = 0;

  constructor(options: ChildrenOptions) {
    this.#options = options;
    for (const record of openStarts(options.logDir)) this.#add(Child.ofEarlierHost(options.logDir, record));
  }

  /** Somebody is being started, runs or is being ended. */
  get busy(): boolean {
    return this.#stops > 0 || [...this.#byId.values()].some((child) => child.live);
  }

  start(request: StartRequest): Promise<Started | LaunchFailed> {
    const { processId, requestId } = request;
    const known = this.#byRequest.get(requestId);
    if (known) return this.#starts.get(known) ?? Promise.resolve(answerOf(known.record()));
    const ended = endOf(this.#options.logDir, processId);
    if (ended?.requestId === requestId) return Promise.resolve(answerOf(ended));
    if (ended || this.#byId.has(processId)) {
      return Promise.resolve({ processId, requestId, error: `process id ${processId} has been used` });
    }
    const { logDir, hostId, spoolBytesMax } = this.#options;
    const record = { processId, requestId, hostId, tty: request.tty, command: request.argv };
    const child = new Child(logDir, record, spoolBytesMax);
    child.stopRequested = this.#stoppedEarlier.delete(processId);
    this.#add(child);
    const answer = this.#launch(child, request);
    this.#starts.set(child, answer);
    return answer;
  }

  async #launch(child: Child, request: StartRequest): Promise<Started | LaunchFailed> {
    const { logDir, hostId } = this.#options;
    const env = { ...request.env, ...marksOf(hostId, child.processId) };
    const launch = { argv: request.argv, cwd: request.cwd, env };
    try {
      // Before anything can come of it: where there is no record, nothing was ever started.
      keepStart(logDir, child.record());
      const trouble = await launchTrouble(launch);
      if (trouble) throw new Error(trouble);
      if (child.stopRequested) throw new Error(STOPPED_EARLIER);
      const { cols = COLS, rows = ROWS } = request;
      if (request.tty) child.resized(cols, rows);
      const running = await (request.tty ? startTerminal(launch, cols, rows) : startPiped(launch));
      const { pid, startTime } = running;
      const { processId, requestId } = child;
      child.started = { processId, requestId, pid, group: pid, startTime, bootId: bootId() };
      child.running = running;
      const { relieve, ended } = follow(running, child.spool);
      child.relieve = relieve;
      void ended.then((exit) => this.#end(child, exit));
    } catch (error) {
      child.launchFailed = error instanceof Error ? error.message : String(error);
    }
    child.keep();
    this.#starts.delete(child);
    child.changed();
    return answerOf(child.record());
  }

  #end(child: Child, ended: Exit): void {
    const { typed } = child;
    const exit = typed === undefined ? ended : { ...ended, typed };
    kept(() => keepEnd(this.#options.logDir, { ...child.record(), exit }));
    child.exit = exit;
    child.changed();
    this.#options.onExit(child.processId, exit);
  }

  write(requestId: string, processId: number, bytes: Uint8Array): 'written' | 'closed' | 'ended' | 'unknown' {
    const child = this.#byId.get(processId);
    if (!child || child.lost) return 'unknown';
    return once(child, requestId, () => {
      if (child.over) return 'ended';
      const { running } = child;
      if (!running?.write) return 'closed';
      if (!running.write(bytes)) throw inputFull(processId);
      return 'written';
    });
  }

  resize(processId: number, cols: number, rows: number): void {
    const { running } = this.live(processId) ?? {};
    if (running?.resize === undefined) return;
    running.resize(cols, rows);
    this.#byId.get(processId)!.resized(cols, rows);
  }

  get(processId: number): Child | undefined {
    return this.#byId.get(processId);
  }

  /** Being started or running here. */
  live(processId: number): Child | undefined {
    const child = this.#byId.get(processId);
    return child?.live ? child : undefined;
  }

  signal(requestId: string, processId: number, signal: NodeJS.Signals): boolean {
    const child = this.#byId.get(processId);
    if (!child) return false;
    return once(child, requestId, () => {
      const { started } = child;
      if (!child.live || !started) return false;
      const leader = statOf(started.pid);
      if (!leader || !runs(started.pid, started.startTime)) return false;
      // What runs in the foreground of a shell has a group of its own; ^C would reach it, so this does.
      if (leader.foreground > 0 && leader.foreground !== started.group) send(-leader.foreground, signal);
      return send(-started.group, signal);
    });
  }

  /** Resolves when the end is known and nobody of the family is left; undefined if it was never started here. */
  async stop(processId: number, graceMs: number): Promise<Exit | undefined> {
    const child = this.#byId.get(processId);
    if (!child) {
      const exit = endOf(this.#options.logDir, processId)?.exit;
      if (!exit) this.#stoppedEarlier.add(processId);
      return exit;
    }
    child.stopRequested = true;
    this.#stops += 1;
    try {
      await this.#starts.get(child);
      if (child.started) await endFamily(child.family(marksOf(child.hostId, processId)), graceMs);
      if (child.live) await this.#until(child, () => child.over);
    } finally {
      this.#stops -= 1;
    }
    return child.exit;
  }

  /** Ends all of them. */
  async stopAll(graceMs: number): Promise<void> {
    const live = [...this.#byId.values()].filter((child) => child.live);
    await Promise.all(live.map((child) => this.stop(child.processId, graceMs)));
  }

  /** Until the end, `waitMs` or the signal; with `more`, until the output is longer than that. */
  async wait(
    processId: number,
    waitMs: number,
    cancel: AbortSignal,
    more = Number.POSITIVE_INFINITY,
  ): Promise<{ size: number; exit?: Exit } | undefined> {
    const child = this.#byId.get(processId);
    if (!child) {
      const exit = endOf(this.#options.logDir, processId)?.exit;
      return exit && { size: exit.outputBytes, exit };
    }
    if (child.live) {
      await this.#until(child, () => child.over || child.spool.size > more, waitMs, cancel);
    }
    if (child.lost || child.launchFailed !== undefined) return undefined;
    return { size: child.view().size, exit: child.exit };
  }

  read(processId: number, from: number, bytesMax: number): Output | undefined {
    const child = this.#byId.get(processId);
    return child ? child.read(from, bytesMax) : readSpool(this.#options.logDir, processId, from, bytesMax);
  }

  /** By process id, those after `after`. */
  list(after = 0): HostProcess[] {
    const later = [...this.#byId.values()].filter(({ processId }) => processId > after);
    return later.sort((a, b) => a.processId - b.processId).map((child) => child.view());
  }

  find(requestId: string): HostProcess | undefined {
    return this.#byRequest.get(requestId)?.view();
  }

  acknowledge(processId: number): void {
    const child = this.#byId.get(processId);
    if (!child || child.live) return;
    forgetStart(this.#options.logDir, child.record());
    this.#byId.delete(processId);
    this.#byRequest.delete(child.requestId);
  }

  #add(child: Child): void {
    this.#byId.set(child.processId, child);
    this.#byRequest.set(child.requestId, child);
  }

  #until(child: Child, condition: () => boolean, waitMs?: number, cancel?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const stop = () => {
        unwatch();
        clearTimeout(timer);
        cancel?.removeEventListener('abort', stop);
        resolve();
      };
      const look = () => {
        if (condition() || cancel?.aborted) stop();
      };
      const unwatch = child.watch(look);
      const timer = waitMs === undefined ? undefined : setTimeout(stop, Math.min(Math.max(0, waitMs), TIMER_MS_MAX));
      cancel?.addEventListener('abort', stop);
      look();
    });
  }
}

/** The first answer to a request id is the answer; an error is none, it may be tried again. */
function once<T>(child: Child, requestId: string, act: () => T): T {
  if (!child.answers.has(requestId)) child.answers.set(requestId, act());
  return child.answers.get(requestId) as T;
}

function answerOf(record: StartRecord): Started | LaunchFailed {
  const { processId, requestId, started, launchFailed } = record;
  return started ?? { processId, requestId, error: launchFailed ?? 'the host that was asked has ended' };
}
