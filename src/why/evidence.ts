/** Events that belong to a question, found through the indices of streams and by their causes; never by a scan of the log. */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { decoded } from '../engine/fold.ts';
import type { LogReader } from '../log/port.ts';

/** Causes that lead up to an event are followed this far: further back is another story. */
const causesMax = 24;

export class Evidence {
  readonly #log: LogReader;
  readonly #found = new Map<number, HoldfastEvent>();

  constructor(log: LogReader) {
    this.#log = log;
  }

  add(...events: readonly (HoldfastEvent | undefined)[]): void {
    for (const event of events) if (event !== undefined) this.#found.set(event.position, event);
  }

  async at(position: number): Promise<HoldfastEvent | undefined> {
    const known = this.#found.get(position);
    if (known !== undefined || position < 1) return known;
    for await (const page of this.#log.read({ from: position, to: position })) for (const e of page) return decoded(e);
    return undefined;
  }

  /** All events of a stream that a question is about. */
  async ofStream(stream: string, wanted: (event: HoldfastEvent) => boolean): Promise<HoldfastEvent[]> {
    const events: HoldfastEvent[] = [];
    for await (const page of this.#log.readStream(stream)) events.push(...page.map(decoded).filter(wanted));
    return events;
  }

  /** What touches an agent from a position on, as long as it is read. */
  async *along(agentId: string, from = 1): AsyncGenerator<HoldfastEvent, void, void> {
    for await (const page of this.#log.readAgent(agentId, { from })) yield* page.map(decoded);
  }

  /** Adds what led to an event, one cause after the other. */
  async causesOf(event: HoldfastEvent): Promise<void> {
    let { cause } = event;
    for (let n = 0; cause > 0 && n < causesMax; n++) {
      const led = await this.at(cause);
      if (led === undefined) return;
      this.add(led);
      cause = led.cause;
    }
  }

  /** Adds what landed in the same batch and was led to by the event: its consequences. */
  async consequencesOf(event: HoldfastEvent, wanted: (event: HoldfastEvent) => boolean): Promise<void> {
    const to = event.batch + event.of - 1;
    for await (const page of this.#log.read({ from: event.position + 1, to })) {
      this.add(...page.map(decoded).filter(wanted));
    }
  }

  inOrder(): HoldfastEvent[] {
    return [...this.#found.values()].sort((a, b) => a.position - b.position);
  }
}

/** An id, or its last group as lines for people show it. */
export const means = (id: string, given: string): boolean =>
  id === given || (given.length >= 6 && id.endsWith(`-${given}`));
