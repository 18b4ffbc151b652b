/**
 * The socket of the host: one session per connection. What a connection sends, or fails to read, harms nobody else: wrong
 * tokens, garbage and oversized frames end it, and a slow reader is not served until it has read.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { Failure } from '../failure.ts';
import type { Exit, Typed } from './port.ts';
import { encodeFrame, FRAME_BYTES_MAX, FrameReader, type Hello, type Reply, type Request } from './protocol.ts';

/** Waits for the token; whoever connects and says nothing is let go. */
const HELLO_MS = 5_000;
const HELLO_BYTES_MAX = 4 * 1024;
/** Connections that have not shown the token yet; whoever has it shows it at once, so the oldest of them goes. */
const STRANGERS_MAX = 64;
/** Unread answers above which no further request of this connection is looked at. */
const UNREAD_BYTES_HIGH = 1024 * 1024;
/** Unread answers and notices above which the connection is given up. */
const UNREAD_BYTES_MAX = 32 * 1024 * 1024;

export interface Answer {
  readonly value?: unknown;
  readonly bytes?: Uint8Array;
}

/**
 * Carries out one request; `cancel` fires when it is cancelled or its connection is gone. Large answers are given at once,
 * not as promises: only so can a session see that its other side has not read the one before.
 */
export type Serve = (
  request: Request,
  bytes: Uint8Array,
  cancel: AbortSignal,
  caller: Caller,
) => Answer | Promise<Answer>;

/** The connection that a request came over: told things beside its answers, and asked to say when it is gone. */
export interface Caller {
  tell(reply: Reply): void;
  onGone(listener: () => void): void;
}

export interface DoorOptions {
  readonly hostId: string;
  readonly token: string;
  readonly serve: Serve;
  /** The number of sessions changed. */
  readonly onSessions: () => void;
}

export class Door {
  readonly server: Server;
  readonly #options: DoorOptions;
  readonly #sessions = new Set<Session>();
  readonly #strangers = new Set<Socket>();
  #closing = false;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.server = createServer((socket) => this.#meet(socket));
  }

  /** Connections that have shown the token. */
  get sessions(): number {
    return this.#sessions.size;
  }

  tellExit(processId: number, exit: Exit): void {
    for (const session of this.#sessions) session.tell({ exited: processId, exit });
  }

  tellTyped(processId: number, typed: Typed): void {
    for (const session of this.#sessions) session.tell({ written: processId, typed });
  }

  /** Lets nobody in any more; resolves when every session has what it was sent, or is gone. */
  async close(): Promise<void> {
    this.#closing = true;
    this.server.close();
    await new Promise(setImmediate); // The answer that the host ends is still to be written.
    await Promise.all([...this.#sessions].map((session) => session.close()));
  }

  #meet(socket: Socket): void {
    socket.on('error', () => undefined); // `close` follows.
    const reader = new FrameReader(HELLO_BYTES_MAX);
    const impatience = setTimeout(() => socket.destroy(), HELLO_MS);
    const known = () => {
      clearTimeout(impatience);
      this.#strangers.delete(socket);
    };
    socket.once('close', known);
    this.#strangers.add(socket);
    if (this.#strangers.size > STRANGERS_MAX) [...this.#strangers][0]!.destroy();
    const greet = (chunk: Buffer) => {
      reader.push(chunk);
      const frame = attempt(() => reader.next());
      if (frame === undefined) return;
      known();
      socket.off('data', greet);
      if (this.#closing || frame instanceof Error || !this.#knows((frame.json as Hello | null)?.token)) {
        socket.destroy();
        return;
      }
      reader.bytesMax = FRAME_BYTES_MAX;
      const session = new Session(socket, reader, this.#options.serve);
      this.#sessions.add(session);
      socket.once('close', () => {
        this.#sessions.delete(session);
        this.#options.onSessions();
      });
      this.#options.onSessions();
      session.tell({ welcome: this.#options.hostId });
      session.work();
    };
    socket.on('data', greet);
  }

  #knows(token: unknown): boolean {
    const expected = Buffer.from(this.#options.token);
    const shown = Buffer.from(typeof token === 'string' ? token : '');
    return shown.length === expected.length && timingSafeEqual(shown, expected);
  }
}

class Session implements Caller {
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #serve: Serve;
  readonly #cancels = new Map<number, AbortController>();

  constructor(socket: Socket, reader: FrameReader, serve: Serve) {
    this.#socket = socket;
    this.#reader = reader;
    this.#serve = serve;
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      this.work();
    });
    socket.on('drain', () => this.work());
    socket.once('close', () => {
      for (const cancel of this.#cancels.values()) cancel.abort();
    });
  }

  /** Carries out what has come in, as long as the other side reads the answers. */
  work(): void {
    while (this.#socket.writableLength < UNREAD_BYTES_HIGH) {
      const frame = attempt(() => this.#reader.next());
      if (frame instanceof Error) {
        this.#socket.destroy();
        return;
      }
      if (frame === undefined) {
        this.#socket.resume();
        return;
      }
      this.#carryOut(frame.json as Request, frame.bytes);
    }
    this.#socket.pause();
  }

  #carryOut(request: Request, bytes: Uint8Array): void {
    if (typeof request?.id !== 'number' || typeof request.op !== 'string' || !Array.isArray(request.args)) {
      this.#socket.destroy();
      return;
    }
    const { id } = request;
    if (request.op === 'cancel') {
      this.#cancels.get(id)?.abort();
      return;
    }
    const cancel = new AbortController();
    const refuse = (error: unknown) => this.tell({ id, fault: faultOf(error) });
    const give = (answer: Answer) => {
      try {
        this.tell({ id, value: answer.value }, answer.bytes);
      } catch (error) {
        refuse(error); // Too large for a frame.
      }
    };
    try {
      const answer = this.#serve(request, bytes, cancel.signal, this);
      if (answer instanceof Promise) {
        this.#cancels.set(id, cancel);
        void answer.then(give, refuse).finally(() => this.#cancels.delete(id));
      } else give(answer);
    } catch (error) {
      refuse(error);
    }
  }

  onGone(listener: () => void): void {
    this.#socket.once('close', listener);
  }

  tell(reply: Reply, bytes?: Uint8Array): void {
    if (this.#socket.destroyed) return;
    this.#socket.write(encodeFrame(reply, bytes));
    if (this.#socket.writableLength > UNREAD_BYTES_MAX) this.#socket.destroy();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.end(resolve);
    });
  }
}

function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    return error as Error;
  }
}

function faultOf(error: unknown) {
  if (error instanceof Failure) {
    const { code, message, remedy, retryable } = error;
    return { code, message, remedy, retryable };
  }
  console.error(error);
  return { code: 'HOLDFAST_HOST_FAILED', message: `the process host could not do this: ${String(error)}` };
}
