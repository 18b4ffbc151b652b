/** One connection to a process host: requests with ids, their answers, notices of exits, and the loss of it all. */
import { createConnection, type Socket } from 'node:net';
import { Failure } from '../failure.ts';
import type { Notice } from './keyboard.ts';
import type { Exit, Typed } from './port.ts';
import { encodeFrame, FRAME_BYTES_MAX, type Frame, FrameReader, type Reply } from './protocol.ts';

interface Pending {
  readonly resolve: (answer: Frame) => void;
  readonly reject: (error: unknown) => void;
}

export class Connection {
  readonly hostId: string;
  readonly exits = new Set<(processId: number, exit: Exit) => void>();
  readonly typings = new Set<(processId: number, typed: Typed) => void>();
  readonly notices = new Set<(processId: number, notice: Notice) => void>();
  readonly losses = new Set<() => void>();
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #lost = false;

  private constructor(socket: Socket, reader: FrameReader, hostId: string) {
    this.#socket = socket;
    this.#reader = reader;
    this.hostId = hostId;
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      this.#read();
    });
    socket.once('close', () => this.#lose());
    socket.resume();
  }

  /** Rejects when nobody listens, the token is refused, or no welcome comes within `waitMs`. */
  static open(path: string, token: string, waitMs: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path);
      const reader = new FrameReader(FRAME_BYTES_MAX);
      const timer = setTimeout(() => fail(new Error(`no welcome within ${waitMs} ms`)), waitMs);
      const fail = (error: Error) => {
        clearTimeout(timer);
        socket.destroy();
        reject(error);
      };
      const refused = () => fail(new Error('the host closed the connection'));
      const greet = (chunk: Buffer) => {
        reader.push(chunk);
        const welcome = reader.next()?.json as { welcome?: string } | undefined;
        if (!welcome) return;
        clearTimeout(timer);
        socket.off('data', greet).off('close', refused).off('error', fail).pause();
        socket.on('error', () => undefined); // `close` follows.
        const connection = new Connection(socket, reader, String(welcome.welcome));
        resolve(connection);
        connection.#read();
      };
      socket.on('data', greet).on('close', refused).on('error', fail);
      socket.write(encodeFrame({ token }));
    });
  }

  async request<T>(op: string, args: readonly unknown[], bytes?: Uint8Array, signal?: AbortSignal): Promise<T> {
    return (await this.requestFrame<T>(op, args, bytes, signal)).value;
  }

  async requestFrame<T>(
    op: string,
    args: readonly unknown[],
    bytes?: Uint8Array,
    signal?: AbortSignal,
  ): Promise<{ value: T; bytes: Uint8Array }> {
    signal?.throwIfAborted();
    if (this.#lost) throw lost(this.hostId);
    const id = ++this.#lastId;
    let cancel: (() => void) | undefined;
    try {
      const frame = await new Promise<Frame>((resolve, reject) => {
        cancel = () => {
          this.#socket.write(encodeFrame({ id, op: 'cancel', args: [] }));
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', cancel);
        this.#pending.set(id, { resolve, reject });
        this.#socket.write(encodeFrame({ id, op, args }, bytes));
      });
      return { value: (frame.json as { value: T }).value, bytes: frame.bytes };
    } finally {
      this.#pending.delete(id);
      if (cancel) signal?.removeEventListener('abort', cancel);
    }
  }

  close(): void {
    this.#socket.end();
    this.#socket.destroySoon();
  }

  #read(): void {
    try {
      for (let frame = this.#reader.next(); frame; frame = this.#reader.next()) this.#take(frame);
    } catch {
      this.#socket.destroy(); // Not a frame: whoever this is, it is not our host.
    }
  }

  #take(frame: Frame): void {
    const reply = frame.json as Reply;
    if ('exited' in reply) {
      for (const listener of [...this.exits]) listener(reply.exited, reply.exit);
    } else if ('written' in reply) {
      for (const listener of [...this.typings]) listener(reply.written, reply.typed);
    } else if ('at' in reply) {
      for (const listener of [...this.notices]) listener(reply.at, reply.notice);
    } else if ('id' in reply) {
      const pending = this.#pending.get(reply.id);
      if (reply.fault) pending?.reject(new Failure(reply.fault.code, reply.fault.message, reply.fault));
      else pending?.resolve(frame);
    }
  }

  #lose(): void {
    this.#lost = true;
    for (const { reject } of this.#pending.values()) reject(lost(this.hostId));
    this.#pending.clear();
    for (const listener of [...this.losses]) listener();
  }
}

function lost(hostId: string): Failure {
  return new Failure('HOLDFAST_HOST_LOST', `the connection to process host ${hostId} is gone`, {
    remedy: 'connect again: requests with ids are applied once',
    details: { hostId },
    retryable: true,
  });
}
