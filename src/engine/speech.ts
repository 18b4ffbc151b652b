/**
 * What models are saying at this moment, for whoever looks on: it is in no event, since an answer counts when it is whole.
 * What looks like a secret is covered, as it will be in the log.
 */
import type { Secrets } from './secrets.ts';

export interface Saying {
  readonly agentId: string;
  readonly turnId: string;
  /** Number of the sampling. */
  readonly n: number;
  /** So far. */
  readonly text: string;
}

/** Nobody reads further back in what is not over (characters). */
const textMax = 64 * 1024;

export class Speech {
  readonly #secrets: Secrets | undefined;
  /** By turn. */
  readonly #now = new Map<string, Saying>();
  readonly #listeners = new Set<() => void>();

  constructor(secrets?: Secrets) {
    this.#secrets = secrets;
  }

  /** A sampling goes on; what an earlier one of the turn has said is over. */
  hear({ agentId, turnId, n }: Omit<Saying, 'text'>, delta: string): void {
    const before = this.#now.get(turnId);
    const text = `${before?.n === n ? before.text : ''}${delta}`.slice(-textMax);
    this.#now.set(turnId, { agentId, turnId, n, text });
    this.#tell();
  }

  /** Its answer is whole and on its way into the log, or will never be. */
  end(turnId: string, n: number): void {
    if (this.#now.get(turnId)?.n !== n) return;
    this.#now.delete(turnId);
    this.#tell();
  }

  now(): Saying[] {
    return [...this.#now.values()].map((saying) => ({
      ...saying,
      text: this.#secrets?.cover(saying.text) ?? saying.text,
    }));
  }

  /** Called when `now` may be something else; returns the unsubscribe function. */
  follow(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
