/** Events and batches to append in tests of the log: the log looks at envelopes only, so the data is anything. */
import type { Envelope } from '../../events/envelope.ts';
import type { Batch, BlobContent, Log, LogReader } from '../log/port.ts';

export const fleetId = 'fleet-of-a-test';

export interface Spoken {
  readonly stream: string;
  readonly type?: string;
  readonly data?: unknown;
  readonly by?: string;
}

/** Agents by `data.agentId`, which is enough for an index in tests. */
export function touches(event: Envelope): readonly string[] {
  const { agentId } = (event.data ?? {}) as { readonly agentId?: unknown };
  return typeof agentId === 'string' ? [`agent/${agentId}`] : [];
}

/** Gives facts their place after what was given before. */
export class Author {
  position = 0;
  at = 1_795_171_880_000;
  epoch = 1;
  readonly versions = new Map<string, number>();

  batch(facts: readonly Spoken[], blobs?: readonly BlobContent[]): Batch {
    const expected = this.position;
    const first = expected + 1;
    this.at += 3;
    const events = facts.map(({ stream, type = 'Said', data = {}, by = 'engine' }, index): Envelope => {
      const streamVersion = (this.versions.get(stream) ?? 0) + 1;
      this.versions.set(stream, streamVersion);
      this.position += 1;
      return {
        position: first + index,
        batch: first,
        index,
        of: facts.length,
        stream,
        streamVersion,
        type,
        v: 1,
        at: this.at,
        epoch: this.epoch,
        by,
        cause: expected,
        data,
      };
    });
    return { expected, epoch: this.epoch, events, blobs };
  }

  opening(): Batch {
    return this.batch([{ stream: 'fleet', type: 'FleetOpened', data: { fleetId } }]);
  }

  /** An author that goes on after what a log holds. */
  static async after(log: Log): Promise<Author> {
    const author = new Author();
    for (const event of await all(log.read())) {
      author.position = event.position;
      author.at = event.at;
      author.epoch = event.epoch;
      author.versions.set(event.stream, event.streamVersion);
    }
    return author;
  }
}

export async function all<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const events: T[] = [];
  for await (const page of pages) events.push(...page);
  return events;
}

export const everything = (log: LogReader): Promise<Envelope[]> => all(log.read());

/** What an agent does, over and over: `count` batches of one to four events on a few streams. */
export function* work(author: Author, count: number, agents = 7): Generator<Batch> {
  for (let i = 0; i < count; i++) {
    const agentId = `a${i % agents}`;
    const facts: Spoken[] = [
      { stream: `turn/${i % 50}`, type: 'TurnStarted', data: { agentId, turnId: `${i % 50}`, n: i } },
    ];
    if (i % 3 === 0)
      facts.push({ stream: `mail/${agentId}`, type: 'MailAccepted', data: { agentId, text: `mail ${i}, ünïcode 🙂` } });
    if (i % 5 === 0) facts.push({ stream: `slot/root`, type: 'SlotReserved', data: { reservationId: `r${i}` } });
    if (i % 7 === 0)
      facts.push({
        stream: `agent/${agentId}`,
        type: 'AgentLoaded',
        data: { agentId, reason: 'queued', depth: i / 7 },
      });
    yield author.batch(facts);
  }
}
