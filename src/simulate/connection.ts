/**
 * A socket between one life of the engine and a host of the world: ordered in both directions, cut by whoever dies, and
 * what comes in one piece is read in one go.
 */
import { Failure } from '../failure.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

interface Request {
  readonly id: number;
  readonly hear: (answer: (value: unknown) => void) => void;
}

export class WorldConnection {
  readonly life: number;
  readonly hostId: string;
  readonly losses = new Set<() => void>();
  readonly #alive: () => boolean;
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>();
  readonly #inbox: Request[] = [];
  readonly #outbox: (() => void)[] = [];
  #last = 0;
  /** The engine's side is gone. */
  #closed = false;
  #lost = false;

  /** `alive`: whether the host is still there to hear what was sent. */
  constructor(parts: { life: number; hostId: string; alive: () => boolean; schedule: Schedule; random: Random }) {
    this.#alive = parts.alive;
    this.life = parts.life;
    this.hostId = parts.hostId;
    this.#schedule = parts.schedule;
    this.#random = parts.random;
  }

  /** `hear` is the host's side; it answers when it likes. */
  request<A>(what: string, hear: Request['hear'], signal?: AbortSignal): Promise<A> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    // Whoever is dead says nothing and hears nothing.
    if (this.#closed) return new Promise(() => {});
    if (this.#lost) return Promise.reject(this.#lostFailure());
    const id = ++this.#last;
    return new Promise<A>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      signal?.addEventListener('abort', () => {
        if (this.#pending.delete(id)) reject(signal.reason);
      });
      this.#inbox.push({ id, hear });
      this.#schedule.add(`the host hears ${what}`, this.#latency(), 'outside', () => {
        const request = this.#inbox.shift();
        if (this.#alive())
          request?.hear((value) => this.tell(`an answer to ${what}`, () => this.#answer(request.id, value)));
      });
    });
  }

  tell(what: string, say: () => void): void {
    if (this.#closed || this.#lost) return;
    this.#outbox.push(say);
    this.#schedule.add(what, this.#latency(), this.life, () => {
      this.#outbox.shift()?.();
      // More of the same piece: nothing of the engine runs in between.
      while (this.#random.chance(40) && this.#outbox.length > 0) this.#outbox.shift()!();
    });
  }

  /** The host has died. */
  lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#inbox.length = 0;
    this.#schedule.add('the loss of a host', this.#latency(), this.life, () => {
      this.#outbox.length = 0;
      for (const { reject } of this.#pending.values()) reject(this.#lostFailure());
      this.#pending.clear();
      for (const listener of [...this.losses]) listener();
    });
  }

  /** The engine has died or let go; what it has sent may still be heard. */
  close(): void {
    this.#closed = true;
    this.#outbox.length = 0;
    this.#inbox.length = this.#random.below(this.#inbox.length + 1);
  }

  #answer(id: number, value: unknown): void {
    this.#pending.get(id)?.resolve(value as never);
    this.#pending.delete(id);
  }

  #latency(): number {
    return this.#random.chance(15) ? this.#random.between(1, 200) : 0;
  }

  #lostFailure(): Failure {
    return new Failure('HOLDFAST_HOST_LOST', `the connection to process host ${this.hostId} is gone`, {
      retryable: true,
    });
  }
}
