/** Following a log with its hashes: first what is there, then each batch as it becomes durable, the last one included. */
import type { Envelope, Hashed } from '../../events/envelope.ts';
import { hexOf, Sealer, sealOf } from '../log/chain.ts';
import type { Log } from '../log/port.ts';

/** Events that may wait in memory for a slow reader; more are read from the log again when it has caught up. */
const waitingEventsMax = 20_000;

/** Pages from position `from` on. Ends when `signal` is aborted and everything durable by then has been given. */
export async function* followHashed(
  log: Log,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<readonly Hashed[], void, void> {
  let next = from;
  let waiting: (readonly Envelope[])[] = [];
  let count = 0;
  let wake = () => {};
  const unfollow = log.follow((events) => {
    count += events.length;
    if (count <= waitingEventsMax) waiting.push(events);
    else waiting = [];
    wake();
  });
  const stop = () => wake();
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      waiting = [];
      count = 0;
      // Taken together with the empty queue: what comes later is in the queue, and nothing is in both.
      const { position, hash } = log.synced();
      for await (const page of log.readHashed({ from: next, to: position })) yield page;
      next = Math.max(next, position + 1);
      const sealer = new Sealer(sealOf(hash));
      while (count <= waitingEventsMax) {
        const events = waiting.shift();
        if (events !== undefined) {
          count -= events.length;
          const page = sealed(sealer, events).filter((event) => event.position >= next);
          next = Math.max(next, events[events.length - 1]!.position + 1);
          if (page.length > 0) yield page;
        } else if (signal.aborted) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    unfollow();
    signal.removeEventListener('abort', stop);
  }
}

/** Whole batches, each last event with the hash of its batch. */
function sealed(sealer: Sealer, events: readonly Envelope[]): Hashed[] {
  const hashed: Hashed[] = [...events];
  for (let at = 0; at < events.length; ) {
    const end = at + events[at]!.of;
    hashed[end - 1] = { ...events[end - 1]!, hash: hexOf(sealer.add(events, at, end)) };
    at = end;
  }
  return hashed;
}
