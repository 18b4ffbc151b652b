/** A small HTTP server on a port of this machine. */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Failure } from '../failure.ts';

export interface Place {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface Listening {
  /** Without a slash at its end. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Throws HOLDFAST_PORT_TAKEN, or HOLDFAST_CANNOT_LISTEN. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { host, port }: Place,
): Promise<Listening> {
  const server = createAdaptorServer({ fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(
        new Failure(
          taken ? 'HOLDFAST_PORT_TAKEN' : 'HOLDFAST_CANNOT_LISTEN',
          taken ? `port ${port} of ${host} is taken` : `nothing can listen on ${host}:${port} (${cause.code})`,
          { remedy: 'give another one with --port, or 0 for any', cause },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
  const { port: taken, family, address } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
