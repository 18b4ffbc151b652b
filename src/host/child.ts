/** One process the host was asked to start: from the request to the end, with everybody who waits for it. */
import { join } from 'node:path';
import type { Family } from './family.ts';
import { Keyboard } from './keyboard.ts';
import type { Exit, HostProcess, Output, Started, Typed, Window } from './port.ts';
import { bootId } from './procfs.ts';
import { endOf, keepStart, kept, type StartRecord } from './records.ts';
import type { Running } from './running.ts';
import { Spool } from './spool.ts';
import { readSpool, spoolFolder } from './spoolReader.ts';
import { Typing } from './typing.ts';
import type { Visited } from './visitors.ts';
import { withWindow } from './windows.ts';

export class Child implements Visited {
  readonly processId: number;
  readonly requestId: string;
  readonly tty: boolean;
  readonly command: readonly string[];
  /** Of the host that started it, or tried to. */
  readonly hostId: string;
  started: Started | undefined;
  launchFailed: string | undefined;
  exit: Exit | undefined;
  running: Running | undefined;
  /** Asked of a host that has died since. */
  #earlier = false;
  /** Continues a source that was paused for the spool. */
  relieve: () => void = () => undefined;
  /** A stop came: what has not been spawned yet must not be. */
  stopRequested = false;
  /** Answers to requests that act, by request id. */
  readonly answers = new Map<string, unknown>();
  readonly spool: Spool;
  readonly keyboard = new Keyboard();
  readonly typing: Typing;
  windows: readonly Window[];
  /** By an earlier host. */
  readonly #typedEarlier: Typed | undefined;
  readonly #logDir: string;
  readonly #watchers = new Set<() => void>();

  constructor(logDir: string, record: StartRecord, spoolBytesMax: number) {
    this.#logDir = logDir;
    this.processId = record.processId;
    this.requestId = record.requestId;
    this.tty = record.tty;
    this.command = record.command;
    this.hostId = record.hostId;
    this.started = record.started;
    this.launchFailed = record.launchFailed;
    this.typing = new Typing(record.salt);
    this.windows = record.windows ?? [];
    this.#typedEarlier = record.typed;
    this.spool = new Spool(
      join(spoolFolder(logDir), String(record.processId)),
      spoolBytesMax,
      () => this.changed(),
      () => this.relieve(),
    );
  }

  /** A child of an earlier host: its end may be on disk; if not, nobody will ever know it. */
  static ofEarlierHost(logDir: string, record: StartRecord): Child {
    const child = new Child(logDir, record, 0);
    child.exit = endOf(logDir, record.processId)?.exit;
    child.#earlier = true;
    return child;
  }

  /** Being started or running here. */
  get live(): boolean {
    return !this.over && !this.lost;
  }

  get over(): boolean {
    return this.exit !== undefined || this.launchFailed !== undefined;
  }

  /** Asked of a host that died before it could record an end. */
  get lost(): boolean {
    return this.#earlier && !this.over;
  }

  get typed(): Typed | undefined {
    return this.typing.sum ?? this.#typedEarlier;
  }

  /** From the next byte of output on. */
  resized(cols: number, rows: number): void {
    const window = { at: this.spool.received, cols, rows };
    this.windows = withWindow(this.windows, window);
    this.keyboard.resized(window);
  }

  family(marks: Readonly<Record<string, string>>): Family {
    const { started } = this;
    return { group: started?.group, startTime: started?.startTime, bootId: started?.bootId ?? bootId(), marks };
  }

  record(): StartRecord {
    const { processId, requestId, hostId, tty, command, started, launchFailed, typed, windows } = this;
    const { salt } = this.typing;
    return {
      processId,
      requestId,
      hostId,
      tty,
      command,
      started,
      launchFailed,
      ...(typed && { typed, salt }),
      windows,
    };
  }

  keep(): void {
    kept(() => keepStart(this.#logDir, this.record()));
  }

  view(): HostProcess {
    const { processId, requestId, started, launchFailed, exit, tty, command, typed } = this;
    const size = this.running ? this.spool.size : (exit?.outputBytes ?? 0);
    return { processId, requestId, started, launchFailed, exit, size, typed, tty, command, lost: this.lost };
  }

  read(from: number, bytesMax: number): Output | undefined {
    if (!this.running) return readSpool(this.#logDir, this.processId, from, bytesMax);
    return { ...this.spool.read(from, bytesMax), size: this.spool.size, exit: this.exit };
  }

  /** Calls back after every growth of the output and at the end, until the returned function is called. */
  watch(callback: () => void): () => void {
    this.#watchers.add(callback);
    return () => this.#watchers.delete(callback);
  }

  changed(): void {
    for (const callback of [...this.#watchers]) callback();
  }
}
