/** What was appended since the last checkpoint: its index and, unless they are large, its events. */
import type { Envelope } from '../../events/envelope.ts';
import { type History, isCopied } from './histories.ts';
import { addToIndex, newIndex, type Touches } from './postings.ts';

export class Tail {
  readonly index = newIndex();
  readonly #first: number;
  readonly #events: (Envelope | undefined)[] = [];

  constructor(first: number) {
    this.#first = first;
  }

  /** `texts` are those of data that does not survive packing: such events are read from their frames. */
  add(events: readonly Envelope[], touches: Touches, texts?: ReadonlyMap<number, string>): void {
    for (const event of events) {
      this.#events.push(texts?.has(event.position) === true || !isCopied(event) ? undefined : event);
      addToIndex(this.index, event, touches);
    }
  }

  /** Undefined: read it from its frame. */
  at(position: number): Envelope | undefined {
    return this.#events[position - this.#first];
  }

  /** What touches a key. */
  history(key: string): History {
    const positions = this.index.touched.get(key) ?? [];
    return { positions, events: positions.map((position) => this.at(position)) };
  }
}
