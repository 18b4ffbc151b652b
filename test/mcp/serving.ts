/** A server over HTTP, with what it says of itself. */
import { readFileSync } from 'node:fs';
import { type Place, Watched } from '../cli/cli.ts';

export interface Served {
  readonly url: string;
  readonly tokenFile: string;
  readonly token: string;
}

export async function serving(place: Place, ...words: string[]): Promise<{ served: Served; server: Watched }> {
  const server = new Watched(place, ...words, '--log', place.log, '--fleet', place.fleet, '-o', 'json');
  await server.until(({ stdout }) => stdout.includes('\n'));
  const told = JSON.parse(server.stdout) as Omit<Served, 'token'>;
  return { server, served: { ...told, token: readFileSync(told.tokenFile, 'utf8').trim() } };
}
