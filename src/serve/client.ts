/** The other end of the control socket: one connection per question, so that leaving a stream is closing its connection. */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { type Owner, ownerOf } from '../log/owner.ts';
import { failureOf, type Greeting, linesOf, protocolVersion, type Reply, send, type Trouble } from './protocol.ts';

/** Waits for an owner that lives to listen and to greet: it may just be opening its log. */
const greetingMs = 5_000;
/** Between two attempts to connect. */
const lookMs = 20;

export type Answered =
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly refusal: Trouble };

export const unreachable = (dir: string, { pid, socket }: Owner, why: string): Failure =>
  new Failure('HOLDFAST_OWNER_UNREACHABLE', `the log ${dir} is owned by process ${pid}, which ${why}`, {
    remedy: `wait for it or end it (\`kill ${pid}\`); then \`holdfast resume\` continues the fleet`,
    details: { dir, pid, socket },
    retryable: true,
  });

interface Connected {
  readonly socket: Socket;
  readonly lines: AsyncGenerator<string, void, void>;
}

/** A greeted connection to the owner; undefined when it has gone meanwhile. */
async function connect(dir: string, owner: Owner): Promise<Connected | undefined> {
  if (owner.socket === undefined) throw unreachable(dir, owner, 'has no control socket');
  const deadline = performance.now() + greetingMs;
  for (;;) {
    const socket = await opened(owner.socket);
    if (socket !== undefined) {
      const lines = linesOf(socket);
      const late = setTimeout(() => socket.destroy(), Math.max(0, deadline - performance.now()));
      const first = await lines.next().catch(() => undefined);
      clearTimeout(late);
      if (first !== undefined && first.done !== true) {
        const greeting = JSON.parse(first.value) as Greeting;
        if (greeting.protocol === protocolVersion) return { socket, lines };
        socket.destroy();
        throw unreachable(dir, owner, `is holdfast ${greeting.holdfast} and speaks another protocol`);
      }
      socket.destroy();
    }
    if (ownerOf(dir)?.pid !== owner.pid) return undefined;
    if (performance.now() > deadline) throw unreachable(dir, owner, 'does not answer on its control socket');
    await sleep(lookMs);
  }
}

const opened = (path: string): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = createConnection(path);
    const failed = () => resolve(undefined);
    socket.once('error', failed).once('connect', () => {
      socket.off('error', failed).on('error', () => undefined); // `close` follows.
      resolve(socket);
    });
  });

/** A way to ask the owner of a log; each question finds its own connection. */
export class OwnerClient {
  readonly dir: string;
  readonly owner: Owner;

  constructor(dir: string, owner: Owner) {
    this.dir = dir;
    this.owner = owner;
  }

  /** Undefined when the owner has gone before it answered anything. */
  async ask(verb: string, args: Readonly<Record<string, unknown>> = {}): Promise<Answered | undefined> {
    const connected = await connect(this.dir, this.owner);
    if (connected === undefined) return undefined;
    for await (const reply of this.#replies(connected, verb, args)) if ('ok' in reply) return reply;
    throw this.#lost();
  }

  /** Pages of a stream; the connection is closed when its reader leaves, or while it waits by `signal`. */
  async *stream<T>(
    verb: string,
    args: Readonly<Record<string, unknown>> = {},
    signal?: AbortSignal,
  ): AsyncGenerator<readonly T[], void, void> {
    const connected = await connect(this.dir, this.owner);
    if (connected === undefined) throw this.#lost();
    signal?.addEventListener('abort', () => connected.socket.destroy(), { once: true });
    for await (const reply of this.#replies(connected, verb, args)) {
      if ('ok' in reply) return;
      if ('page' in reply) yield reply.page as readonly T[];
    }
    throw this.#lost();
  }

  async *#replies({ socket, lines }: Connected, verb: string, args: Readonly<Record<string, unknown>>) {
    try {
      await send(socket, { id: 1, verb, args });
      for await (const line of lines) {
        const reply = JSON.parse(line) as Reply;
        if ('error' in reply) throw failureOf(reply.error);
        yield reply;
      }
    } finally {
      socket.destroy();
    }
  }

  #lost(): Failure {
    return new Failure('HOLDFAST_OWNER_LOST', `process ${this.owner.pid}, which owned the log, went away meanwhile`, {
      remedy: 'ask again: without an owner the log is read from its folder',
      details: { dir: this.dir, pid: this.owner.pid },
      retryable: true,
    });
  }
}
