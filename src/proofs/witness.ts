/** Checkpoints that are held against a log while it is read: each must be exactly what the log was at its size. */
import type { Sees } from '../log/audit.ts';
import type { Checkpoint } from './checkpoint.ts';
import { Accumulator, leafHash } from './merkle.ts';

/** A checkpoint, and where it was found. */
export interface Held {
  readonly file: string;
  readonly checkpoint: Checkpoint;
}

export interface Contradiction extends Held {
  /** The first event that is gone, or that no checkpoint which holds proves. */
  readonly firstBad: number;
  readonly what: string;
}

export class Witness {
  readonly #held: readonly Held[];
  readonly #tree = new Accumulator();
  #next = 0;
  /** Events that a checkpoint proves. */
  proven = 0;
  #contradiction: Contradiction | undefined;

  constructor(held: readonly Held[]) {
    this.#held = [...held].sort((a, b) => a.checkpoint.size - b.checkpoint.size);
  }

  readonly sees: Sees = (position, text) => {
    if (this.#next === this.#held.length) return;
    this.#tree.add(leafHash(text));
    for (let next = this.#held[this.#next]; next?.checkpoint.size === position; next = this.#held[this.#next]) {
      this.#next += 1;
      if (this.#contradiction !== undefined) continue;
      if (this.#tree.root() === next.checkpoint.root) this.proven = position;
      else
        this.#contradict(
          next,
          'the events are not those that it was signed over: they were edited, or it is another log',
        );
    }
  };

  /** After the last event. Undefined: all that was seen is as it was signed. */
  contradiction(fleetId: string): Contradiction | undefined {
    const foreign = this.#held.find(({ checkpoint }) => checkpoint.fleetId !== fleetId);
    if (foreign !== undefined)
      return { ...foreign, firstBad: 1, what: `it is of the fleet ${foreign.checkpoint.fleetId}` };
    if (this.#contradiction !== undefined) return this.#contradiction;
    const missed = this.#held[this.#next];
    if (missed === undefined) return undefined;
    const { size } = missed.checkpoint;
    return {
      ...missed,
      firstBad: this.#tree.size + 1,
      what: `the log ends at position ${this.#tree.size} and had ${size} events then: it was cut, or rolled back to an older copy`,
    };
  }

  #contradict(held: Held, what: string): void {
    this.#contradiction = { ...held, firstBad: this.proven + 1, what };
  }
}
