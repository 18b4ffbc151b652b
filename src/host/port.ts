/**
 * The process host port: who starts, feeds, reads and ends operating-system processes for agents. The real one is a
 * separate process that outlives the engine (`server.ts` behind `client.ts`); the simulator has its own.
 * Requests that act carry a request id and are applied once: the same id again gives the first answer.
 */
export interface StartRequest {
  /** `turnId/callId`, or any id that is unique per fleet. */
  readonly requestId: string;
  /** Counts up from 1000 per fleet; never reused. */
  readonly processId: number;
  /** Program and arguments. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Complete environment of the child. */
  readonly env: Readonly<Record<string, string>>;
  /** true: a pseudo-terminal of `cols` x `rows`; false: pipes with stdin closed. */
  readonly tty: boolean;
  readonly cols?: number;
  readonly rows?: number;
}

export interface Started {
  readonly processId: number;
  readonly requestId: string;
  readonly pid: number;
  /** Process group id (= pid: every child leads its own group and session). */
  readonly group: number;
  /** Start time of the pid in clock ticks since boot (field 22 of /proc/PID/stat). */
  readonly startTime: number;
  readonly bootId: string;
}

export interface LaunchFailed {
  readonly processId: number;
  readonly requestId: string;
  readonly error: string;
}

/** What operators have typed into a process so far. */
export interface Typed {
  readonly bytes: number;
  /** Hex SHA-256 of a salt, which lies beside the spool, and of all these bytes. */
  readonly hash: string;
}

/** Size of a terminal from a byte of its output on. */
export interface Window {
  readonly at: number;
  readonly cols: number;
  readonly rows: number;
}

export interface Exit {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null;
  /** Signal name such as `SIGKILL`, or null. */
  readonly signal: string | null;
  /** Bytes of output in all, dropped ones included. */
  readonly outputBytes: number;
  /** Hex SHA-256 of all output bytes. */
  readonly outputHash: string;
  readonly at: number;
  readonly typed?: Typed;
}

export interface HostProcess {
  readonly processId: number;
  readonly requestId: string;
  readonly started?: Started;
  readonly launchFailed?: string;
  readonly exit?: Exit;
  /** Bytes of output so far. */
  readonly size: number;
  readonly typed?: Typed;
  readonly tty: boolean;
  readonly command: readonly string[];
  /** Started by an earlier host that died before it could record an end: nobody will ever know how it ended. */
  readonly lost?: boolean;
}

/** Output `from`..`to` (byte offsets). `omitted` > 0: that many bytes at `from` are gone (cap of the spool) and are not in `bytes`. */
export interface Output {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
  readonly omitted: number;
  /** Output so far and whether the end is known. */
  readonly size: number;
  readonly exit?: Exit;
}

export interface Host {
  /** Identity of this host's life: another host, or a restarted one, has another id. */
  readonly hostId: string;
  start(request: StartRequest): Promise<Started | LaunchFailed>;
  /**
   * Applied once per requestId. `closed`: stdin is closed (pipes); `ended`: the process has ended. Fails with
   * HOLDFAST_HOST_INPUT_FULL when 1 MiB of input waits to be read.
   */
  write(requestId: string, processId: number, bytes: Uint8Array): Promise<'written' | 'closed' | 'ended' | 'unknown'>;
  resize(processId: number, cols: number, rows: number): Promise<void>;
  /** Signals the whole process group; false when it has ended or is unknown. */
  signal(requestId: string, processId: number, signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' | 'SIGHUP'): Promise<boolean>;
  /**
   * Ends the family: TERM, then KILL after `graceMs`; resolves when the end is known and nobody of group, session or with
   * our marks is left. Covers a start that is in progress or comes later: its answer is LaunchFailed.
   */
  stop(requestId: string, processId: number, graceMs: number): Promise<Exit | undefined>;
  /**
   * Resolves when the process has ended and its output is complete (or at most 50 ms after its end), or after `waitMs`;
   * with `more`, also as soon as size exceeds it. Rejects with the signal's reason. undefined: unknown, lost, or never launched.
   */
  wait(
    processId: number,
    waitMs: number,
    signal?: AbortSignal,
    more?: number,
  ): Promise<{ readonly size: number; readonly exit?: Exit } | undefined>;
  read(processId: number, from: number, maxBytes: number): Promise<Output | undefined>;
  /** By process id; asked for in pages, so those that are started meanwhile may be among them. */
  list(): Promise<readonly HostProcess[]>;
  /** What the host knows of a request id: undefined if it never saw it. */
  find(requestId: string): Promise<HostProcess | undefined>;
  /** The engine has recorded the end (or the failed launch): the host may forget it. Its spool and its end stay on disk. */
  acknowledge(processId: number): Promise<void>;
  onExit(listener: (processId: number, exit: Exit) => void): () => void;
  /** Operators type at the host, with or without an engine; each notice replaces those before it, and an exit has the last one. */
  onTyped(listener: (processId: number, typed: Typed) => void): () => void;
  /** The connection or the host itself is gone. */
  onLost(listener: () => void): () => void;
  /** Ends the host if it has no live child; true if it will end. */
  endIfEmpty(): Promise<boolean>;
  /** Leaves the host running. */
  disconnect(): void;
}
