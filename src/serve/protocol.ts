/**
 * What is said on the control socket: lines of JSON. The server greets; each request has an id that all its replies
 * carry, and a stream is pages followed by one answer.
 */
import type { Socket } from 'node:net';
import { Failure } from '../failure.ts';

/** 2: streams of clients say what the client is asked. */
export const protocolVersion = 2;

export interface Greeting {
  readonly holdfast: string;
  readonly protocol: number;
  readonly pid: number;
}

export interface Request {
  readonly id: number;
  readonly verb: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export type Reply = { readonly id: number } & (
  | { readonly page: readonly unknown[] }
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly refusal: Trouble }
  | { readonly error: Trouble }
);

export const troubleOf = (error: unknown): Trouble =>
  error instanceof Failure
    ? {
        code: error.code,
        message: error.message,
        ...(error.remedy !== undefined && { remedy: error.remedy }),
        details: error.details,
      }
    : { code: 'HOLDFAST_DEFECT', message: error instanceof Error ? error.message : String(error) };

export const failureOf = ({ code, message, remedy, details }: Trouble): Failure =>
  new Failure(code, message, { ...(remedy !== undefined && { remedy }), ...(details !== undefined && { details }) });

/** Lines as they come; ends with the connection. A line longer than `max` characters breaks the connection. */
export async function* linesOf(socket: Socket, max = Number.POSITIVE_INFINITY): AsyncGenerator<string, void, void> {
  socket.setEncoding('utf8');
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of socket as AsyncIterable<string>) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      parts.push(chunk.slice(from, end));
      yield parts.length === 1 ? parts[0]! : parts.join('');
      parts = [];
      length = 0;
      from = end + 1;
    }
    if (from < chunk.length) parts.push(chunk.slice(from));
    length += chunk.length - from;
    if (length > max) {
      socket.destroy();
      return;
    }
  }
}

/** Resolves when the other side has room for more, or is gone: whoever reads slowly is waited for, not buffered for. */
export function send(socket: Socket, message: Greeting | Request | Reply): Promise<void> {
  if (socket.destroyed || socket.writableEnded) return Promise.resolve();
  if (socket.write(`${JSON.stringify(message)}\n`)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}
