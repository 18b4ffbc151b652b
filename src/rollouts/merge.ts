/**
 * Files of one import told as one story: each in its own order, cause before effect between them, and by their clocks
 * where neither says anything. Clocks are the last to be asked, because lines are written after what they tell.
 */
import type { Feed, Head } from './feed.ts';
import type { Others } from './teller.ts';

/** Clocks of the files of one machine differ by less, and lines are written at most this long after what they tell. */
const slackMs = 60_000;

export class Merge implements Others {
  readonly #open: Feed[];
  readonly #byAgent = new Map<string, Feed>();

  /** `feeds` in the order that decides where clocks and causes do not. */
  constructor(feeds: readonly Feed[]) {
    this.#open = [...feeds];
    for (const feed of feeds) {
      feed.advance();
      if (feed.teller.agentId !== undefined && !this.#byAgent.has(feed.teller.agentId))
        this.#byAgent.set(feed.teller.agentId, feed);
    }
  }

  mayTell(agentId: string, at: number): boolean {
    const head = this.#byAgent.get(agentId)?.head;
    return head !== undefined && head.at <= at + slackMs;
  }

  #waits(feed: Feed): boolean {
    const { kind, record, at, offset } = feed.head!;
    if (offset < feed.knownTo) return false;
    return kind !== undefined && record !== undefined && feed.teller.waits(kind, record.value, at, this);
  }

  /** The earliest head that waits for nobody; where all wait for each other, the earliest. */
  #next(): Feed | undefined {
    let earliest: Feed | undefined;
    let free: Feed | undefined;
    for (const feed of this.#open) {
      const at = feed.head!.at;
      if (earliest === undefined || at < earliest.head!.at) earliest = feed;
      if ((free === undefined || at < free.head!.at) && !this.#waits(feed)) free = feed;
    }
    return free ?? earliest;
  }

  *[Symbol.iterator](): Generator<{ readonly feed: Feed; readonly head: Head }, void, void> {
    for (;;) {
      for (let i = this.#open.length - 1; i >= 0; i -= 1)
        if (this.#open[i]!.head === undefined) this.#open.splice(i, 1);
      const feed = this.#next();
      if (feed === undefined) return;
      const { head } = feed;
      yield { feed, head: head! };
      feed.advance();
    }
  }
}
