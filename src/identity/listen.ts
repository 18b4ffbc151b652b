/** The small registrar on a port of this machine. */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Failure } from '../failure.ts';
import { type RegistrarOptions, RegistrarServer } from './server.ts';

export interface Listening {
  readonly registrar: RegistrarServer;
  /** Without a slash at its end. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Throws HOLDFAST_PORT_TAKEN, or HOLDFAST_CANNOT_LISTEN. */
export async function serveRegistrar(
  options: RegistrarOptions,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const registrar = new RegistrarServer(options);
  const server = createAdaptorServer({ fetch: registrar.app.fetch });
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
    registrar,
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
