/** When snapshots are taken: often enough that a start has little to read, seldom enough that they do not count (LO6). */
import { type State, stateVersion } from '../../projections/state.ts';
import type { Log } from '../log/port.ts';
import type { Clock } from './clock.ts';
import { stateHash } from './fold.ts';
import { Rest } from './rest.ts';

/** A start reads at most about as many events as lie between two snapshots. */
const eventsBetween = 50_000;
/** A snapshot costs as much as there are agents: it has to be worth it. */
const eventsPerAgent = 2;
/** A log that is written fast has fewer, but not so few that a start would have more than this to read: it takes about a second. */
const eventsBetweenMax = 500_000;
/** At a stop in order: fewer events than this are read faster than a snapshot is written. */
const eventsAtStop = 2_000;

/** Takes a snapshot of what is durable without holding up whoever asks. */
export type TakeSnapshot = () => Promise<void>;

export class Snapshots {
  readonly #log: Log;
  readonly #state: State;
  readonly #take: TakeSnapshot;
  readonly #every: number;
  readonly #rest: Rest;
  /** Position of the newest one. */
  #at: number;
  /** Before this position none is due: agents are counted only then. */
  #notBefore: number;
  #taking: Promise<void> | undefined;
  readonly #unfollow: () => void;

  /** `at`: position of the snapshot that this life began with; 0 for none. `aside`: absent, it is taken right here. */
  constructor(parts: {
    readonly log: Log;
    readonly state: State;
    readonly at: number;
    readonly clock: Clock;
    readonly aside?: TakeSnapshot;
    /** Events between two of them. */
    readonly every?: number;
  }) {
    this.#log = parts.log;
    this.#state = parts.state;
    this.#take = parts.aside ?? (() => this.#here());
    this.#every = parts.every ?? eventsBetween;
    this.#rest = new Rest(parts.clock);
    this.#at = parts.at;
    this.#notBefore = parts.at + this.#every;
    this.#unfollow = parts.log.follow(() => this.#look());
  }

  #look(): void {
    const { position } = this.#state;
    if (position < this.#notBefore || this.#taking !== undefined) return;
    if (!this.#rest.over && position < this.#at + eventsBetweenMax) return;
    this.#notBefore = this.#at + Math.max(this.#every, eventsPerAgent * Object.keys(this.#state.agents).length);
    if (position < this.#notBefore) return;
    this.#at = position;
    this.#notBefore = position + this.#every;
    // It is a cache: when it cannot be written, the next start reads the log from further back.
    this.#taking = this.#rest.after(this.#take()).then(() => {
      this.#taking = undefined;
    });
  }

  /** The engine has stopped for good: nothing changes any more, and the next start shall be quick. */
  async last(): Promise<void> {
    await this.#taking;
    const worth = Math.max(Math.min(this.#every, eventsAtStop), Object.keys(this.#state.agents).length);
    if (this.#state.position - this.#at >= worth) await this.#here().catch(() => {});
  }

  stop(): void {
    this.#unfollow();
  }

  async #here(): Promise<void> {
    const { position } = this.#state;
    const state = structuredClone(this.#state);
    await this.#log.flush();
    for await (const page of this.#log.readHashed({ from: position, to: position })) {
      const hash = page.at(-1)?.hash;
      if (hash === undefined) continue;
      await this.#log.putSnapshot({ stateVersion, position, hash, stateHash: stateHash(state), state });
    }
  }
}
