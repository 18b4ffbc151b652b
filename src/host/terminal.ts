/**
 * Starts a child on a pseudo-terminal through node-pty's native part. Its JavaScript part would destroy a paused terminal
 * 200 ms after the exit, unread output included, and spins while a child does not read its input.
 */
import { closeSync, constants as flags, openSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { ReadStream } from 'node:tty';
import * as nodePty from 'node-pty';
import { keepOurs } from './descriptors.ts';
import { drained } from './drain.ts';
import { statOf } from './procfs.ts';
import type { Launch, Running, Status } from './running.ts';

interface NativePty {
  fork(
    program: string,
    args: readonly string[],
    env: readonly string[],
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (code: number, signal: number) => void,
  ): { fd: number; pid: number; pty: string };
  resize(fd: number, cols: number, rows: number, pixelWidth: number, pixelHeight: number): void;
}

/** Waits for a child to read from its full terminal: a non-blocking terminal cannot say when it has room. */
const INPUT_RETRY_MS = 5;
/** Input that a child has not read yet. */
const INPUT_BYTES_MAX = 1024 * 1024;
const READ_BYTES = 16 * 1024;
/** Take the ids of the host. */
const SAME_USER = -1;

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

export async function startTerminal({ argv, cwd, env }: Launch, cols: number, rows: number): Promise<Running> {
  const [program = '', ...args] = argv;
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const native = (nodePty as unknown as { native: NativePty }).native;
  let end: (status: Status) => void = () => undefined;
  const exited = new Promise<Status>((resolve) => {
    end = resolve;
  });
  const onExit = (code: number, signal: number) =>
    end(signal > 0 ? { code: null, signal: signalNames.get(signal) ?? `SIG${signal}` } : { code, signal: null });
  const { fd, pid, pty } = native.fork(program, args, pairs, cwd, cols, rows, SAME_USER, SAME_USER, true, '', onExit);
  keepOurs(fd);
  const startTime = statOf(pid)?.startTime ?? 0;
  // While we hold the child's end too, a program that closes its own before it exits does not hang up on itself. NOCTTY:
  // the host leads a session, and must not get a controlling terminal by this.
  const held = opened(pty, fd, pid);
  void exited.then(() => closeSync(held));
  const running: Pick<Running, 'onOutput'> = { onOutput: () => undefined };
  const output = new ReadStream(fd, drained(fd, running) as object);
  // EIO is how a terminal says that nobody holds its other end; `close` follows.
  output.on('error', () => undefined);
  await led(pid);
  return Object.assign(running, {
    pid,
    startTime,
    output,
    rest: () => restOf(fd),
    exited,
    ...writerOf(fd, output),
    resize: (newCols: number, newRows: number) => {
      if (!output.destroyed) native.resize(fd, newCols, newRows, 0, 0);
    },
  });
}

function opened(pty: string, fd: number, pid: number): number {
  try {
    return openSync(pty, flags.O_RDWR | flags.O_NOCTTY);
  } catch (error) {
    process.kill(pid, 'SIGKILL'); // Ours for certain: it was forked in this very turn.
    closeSync(fd);
    throw error;
  }
}

/** Until then a signal to its group would miss it. Takes less than a millisecond. */
async function led(pid: number): Promise<void> {
  for (let stat = statOf(pid); stat && stat.session !== pid; stat = statOf(pid)) await turn();
}

/**
 * libuv takes a short read together with a hang-up for the end of the stream, but a terminal gives at most 4 KiB at once:
 * several KiB may be left. They are read here until the terminal itself says EIO.
 */
function* restOf(fd: number): Iterable<Buffer> {
  for (;;) {
    const chunk = Buffer.allocUnsafe(READ_BYTES);
    let length = 0;
    try {
      length = readSync(fd, chunk);
    } catch {
      return;
    }
    if (length === 0) return;
    yield chunk.subarray(0, length);
  }
}

/** Writes in order what the terminal takes, and the rest when the child has read some. */
function writerOf(fd: number, output: ReadStream): Required<Pick<Running, 'write' | 'hasRoom'>> {
  let queue: Uint8Array[] = [];
  let queued = 0;
  let retry: NodeJS.Timeout | undefined;
  const pump = () => {
    retry = undefined;
    while (queue.length > 0 && !output.destroyed) {
      const next = queue[0]!;
      try {
        const written = writeSync(fd, next);
        queued -= written;
        if (written === next.length) queue.shift();
        else queue[0] = next.subarray(written);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
          retry = setTimeout(pump, INPUT_RETRY_MS);
          return;
        }
        queue = []; // The other end is gone: the end of the process follows.
      }
    }
    if (queue.length === 0) queued = 0;
  };
  const hasRoom = (length: number) => queued === 0 || queued + length <= INPUT_BYTES_MAX;
  const write = (bytes: Uint8Array) => {
    if (!hasRoom(bytes.length)) return false;
    queue.push(bytes);
    queued += bytes.length;
    if (!retry) pump();
    return true;
  };
  return { write, hasRoom };
}
