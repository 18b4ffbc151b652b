/** The log of a running fleet, read through its owner: as it was when the reader was opened. */
import type { Envelope, Hashed } from '../../events/envelope.ts';
import type { Head, LogReader, Snapshot } from '../log/port.ts';
import type { Answered, OwnerClient } from './client.ts';
import { failureOf } from './protocol.ts';

interface Range {
  readonly from?: number;
  readonly to?: number;
}

function answerOf<T>(answered: Answered | undefined): T {
  if (answered === undefined)
    throw failureOf({ code: 'HOLDFAST_OWNER_LOST', message: 'the owner of the log went away' });
  if (!answered.ok) throw failureOf(answered.refusal);
  return answered.answer as T;
}

export class RemoteReader implements LogReader {
  readonly client: OwnerClient;
  readonly fleetId: string | undefined;
  readonly #head: Head;

  private constructor(client: OwnerClient, fleetId: string | undefined, head: Head) {
    this.client = client;
    this.fleetId = fleetId;
    this.#head = head;
  }

  /** Undefined when the owner has gone meanwhile. */
  static async open(client: OwnerClient): Promise<RemoteReader | undefined> {
    const answered = await client.ask('head');
    if (answered === undefined) return undefined;
    const { fleetId, head } = answerOf<{ fleetId?: string; head: Head }>(answered);
    return new RemoteReader(client, fleetId, head);
  }

  synced(): Head {
    return this.#head;
  }

  read(range: Range = {}): AsyncIterable<readonly Envelope[]> {
    return this.client.stream<Envelope>('read', this.#bounded(range));
  }

  readHashed(range: Range = {}): AsyncIterable<readonly Hashed[]> {
    return this.client.stream<Hashed>('readHashed', this.#bounded(range));
  }

  readStream(stream: string, range: Range = {}): AsyncIterable<readonly Envelope[]> {
    return this.client.stream<Envelope>('readStream', { stream, ...this.#bounded(range) });
  }

  readAgent(agentId: string, range: Range = {}): AsyncIterable<readonly Envelope[]> {
    return this.client.stream<Envelope>('readAgent', { agentId, ...this.#bounded(range) });
  }

  /** Events with their hashes from `from` on, until the owner stops; not bounded. */
  follow(from: number): AsyncIterable<readonly Hashed[]> {
    return this.client.stream<Hashed>('follow', { from });
  }

  async blob(sha256: string): Promise<Uint8Array> {
    return Buffer.from(answerOf<string>(await this.client.ask('blob', { sha256 })), 'base64');
  }

  async snapshot(stateVersion: number, atMost = this.#head.position): Promise<Snapshot | undefined> {
    return answerOf(await this.client.ask('snapshot', { stateVersion, atMost: Math.min(atMost, this.#head.position) }));
  }

  async close(): Promise<void> {}

  #bounded({ from = 1, to = Number.POSITIVE_INFINITY }: Range): { from: number; to: number } {
    return { from, to: Math.min(to, this.#head.position) };
  }
}
