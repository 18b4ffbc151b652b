/** The small registrar on a port of this machine. */
import { type Listening as Listens, listen, type Place } from '../http/listen.ts';
import { type RegistrarOptions, RegistrarServer } from './server.ts';

export interface Listening extends Listens {
  readonly registrar: RegistrarServer;
}

/** Throws HOLDFAST_PORT_TAKEN, or HOLDFAST_CANNOT_LISTEN. */
export async function serveRegistrar(options: RegistrarOptions, place: Place): Promise<Listening> {
  const registrar = new RegistrarServer(options);
  return { registrar, ...(await listen(registrar.app.fetch, place)) };
}
