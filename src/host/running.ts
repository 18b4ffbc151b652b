/** A child that was just started, as seen by whoever follows it: the same for pipes and terminals. */
import type { Socket } from 'node:net';
import { Failure } from '../failure.ts';

export interface Status {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Running {
  /** Also its group and its session. */
  readonly pid: number;
  /** 0: it had already ended and been collected; nothing has that start time, so nothing is signalled in its name. */
  readonly startTime: number;
  /** Gives raw bytes to `onOutput` once it is resumed; ends or closes when nobody holds the other end any more. */
  readonly output: Socket;
  onOutput: (chunk: Buffer) => void;
  /** What the system still held when `output` ended; call it at that event, before the close. */
  readonly rest?: () => Iterable<Buffer>;
  /** Resolves when the leader is dead and collected. */
  readonly exited: Promise<Status>;
  /** Terminals only. False: too much input waits to be read by the child. */
  readonly write?: (bytes: Uint8Array) => boolean;
  /** Whether a `write` of so many bytes will be taken. */
  readonly hasRoom?: (length: number) => boolean;
  readonly resize?: (cols: number, rows: number) => void;
}

export interface Launch {
  /** Not empty; `argv[0]` was found by `programOf`. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Complete. */
  readonly env: Readonly<Record<string, string>>;
}

export function inputFull(processId: number): Failure {
  return new Failure('HOLDFAST_HOST_INPUT_FULL', `process ${processId} does not read its input`, {
    remedy: 'wait until it has read what was sent before, or stop it',
    retryable: true,
  });
}
