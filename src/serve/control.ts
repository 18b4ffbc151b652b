/**
 * The control socket of an open fleet: other processes of this user read its log and act on it while this one owns it.
 * Only the owner of the log listens here, so a socket that is already there was left by a dead one.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { Failure } from '../failure.ts';
import type { Fleet } from '../fleet.ts';
import { version } from '../version.ts';
import { linesOf, protocolVersion, type Reply, type Request, send, troubleOf } from './protocol.ts';
import { commands, lookups, streams } from './verbs.ts';

/** Characters of one request: a message to an agent may be long. */
const requestLengthMax = 16 * 2 ** 20;
/** Waits for those who follow to read the end of it; one that never reads must not keep the fleet. */
const farewellMs = 1_000;

const stopping = () =>
  new Failure('HOLDFAST_NOT_RUNNING', 'the fleet is just stopping', {
    remedy: '`holdfast resume` continues it',
    retryable: true,
  });

export class Control {
  readonly #fleet: Fleet;
  readonly #server: Server;
  readonly #path: string;
  readonly #sessions = new Map<Socket, Promise<void>>();
  readonly #end = new AbortController();
  #held = false;

  private constructor(fleet: Fleet, path: string) {
    this.#fleet = fleet;
    this.#path = path;
    this.#server = createServer((socket) => {
      const session = this.#serve(socket).catch(() => {
        socket.destroy();
      });
      this.#sessions.set(socket, session);
      void session.then(() => this.#sessions.delete(socket));
    });
  }

  static async listen(fleet: Fleet, path: string): Promise<Control> {
    rmSync(path, { force: true });
    const control = new Control(fleet, path);
    await new Promise<void>((resolve, reject) => {
      // The socket is made during the call: nobody ever sees it open to others.
      const before = process.umask(0o177);
      control.#server.once('error', reject).listen(path, resolve);
      process.umask(before);
    });
    chmodSync(path, 0o600);
    return control;
  }

  /** From now on commands are refused; reading goes on. */
  hold(): void {
    this.#held = true;
  }

  /** After the fleet has stopped: those who follow get the last events, then everybody is let go. */
  async close(): Promise<void> {
    this.#held = true;
    this.#server.close();
    this.#end.abort();
    const late = setTimeout(() => {
      for (const socket of this.#sessions.keys()) socket.destroy();
    }, farewellMs);
    await Promise.all(this.#sessions.values());
    clearTimeout(late);
    rmSync(this.#path, { force: true });
  }

  async #serve(socket: Socket): Promise<void> {
    const gone = new AbortController();
    socket.on('error', () => undefined); // `close` follows.
    socket.once('close', () => gone.abort());
    const pending = new Set<Promise<void>>();
    const farewell = (): void => {
      void Promise.all(pending).then(() => socket.end().destroySoon());
    };
    this.#end.signal.addEventListener('abort', farewell);
    try {
      await send(socket, { holdfast: version, protocol: protocolVersion, pid: process.pid });
      for await (const line of linesOf(socket, requestLengthMax)) {
        const request = JSON.parse(line) as Request;
        const answered = this.#answer(socket, request, gone.signal);
        pending.add(answered);
        void answered.then(() => pending.delete(answered));
      }
      await Promise.all(pending);
    } finally {
      this.#end.signal.removeEventListener('abort', farewell);
      socket.end();
    }
  }

  async #answer(socket: Socket, { id, verb, args }: Request, gone: AbortSignal): Promise<void> {
    let reply: Reply;
    try {
      reply = { id, ...(await this.#carryOut(verb, args, (page) => send(socket, { id, page }), gone)) };
    } catch (error) {
      reply = { id, error: troubleOf(error) };
    }
    await send(socket, reply);
  }

  async #carryOut(
    verb: string,
    args: Request['args'],
    give: (page: readonly unknown[]) => Promise<void>,
    gone: AbortSignal,
  ): Promise<{ ok: true; answer: unknown } | { ok: false; refusal: ReturnType<typeof troubleOf> }> {
    const command = Object.hasOwn(commands, verb) ? commands[verb] : undefined;
    if (command !== undefined && this.#held) throw stopping();
    const ask = command ?? (Object.hasOwn(lookups, verb) ? lookups[verb] : undefined);
    if (ask !== undefined) return ask(this.#fleet, args);
    const stream = Object.hasOwn(streams, verb) ? streams[verb] : undefined;
    if (stream === undefined) {
      throw new Failure('HOLDFAST_BAD_REQUEST', `there is no ${verb} on the control socket`, {
        remedy: 'use the `holdfast` of the same version as the fleet',
      });
    }
    const signal = AbortSignal.any([gone, this.#end.signal]);
    for await (const page of stream(this.#fleet, args, signal)) {
      if (gone.aborted) break;
      await give(page);
    }
    return { ok: true, answer: null };
  }
}
