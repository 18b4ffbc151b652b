/**
 * A socket between a host of the world and one life of the engine, or a person: ordered in both directions, cut by whoever
 * dies, and what comes in one piece is read in one go.
 */
import { Failure } from '../failure.ts';
import type { Random } from './random.ts';
import type { Owner, Schedule } from './schedule.ts';

interface Request {
  /** 0: nobody waits for an answer. */
  readonly id: number;
  readonly hear: (answer: (value: unknown) => void) => void;
}

export class WorldConnection {
  readonly life: Owner;
  readonly hostId: string;
  readonly losses = new Set<() => void>();
  /** Of the host: who sent all this is gone. */
  readonly partings = new Set<() => void>();
  readonly #alive: () => boolean;
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>();
  readonly #inbox: Request[] = [];
  readonly #outbox: (() => void)[] = [];
  #last = 0;
  /** Whoever asked is dead. */
  #dead = false;
  /** Whoever asked has let go. */
  #closed = false;
  #lost = false;

  /** `alive`: whether the host is still there to hear what was sent. */
  constructor(parts: { life: Owner; hostId: string; alive: () => boolean; schedule: Schedule; random: Random }) {
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
    if (this.#dead) return new Promise(() => {});
    if (this.#lost || this.#closed) return Promise.reject(this.#lostFailure());
    const id = ++this.#last;
    return new Promise<A>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      signal?.addEventListener('abort', () => {
        if (this.#pending.delete(id)) reject(signal.reason);
      });
      this.#send(what, { id, hear });
    });
  }

  #send(what: string, request: Request): void {
    this.#inbox.push(request);
    this.#schedule.add(`the host hears ${what}`, this.#latency(), 'outside', () => {
      const next = this.#inbox.shift();
      if (this.#alive()) next?.hear((value) => this.tell(`an answer to ${what}`, () => this.#answer(next.id, value)));
    });
  }

  tell(what: string, say: () => void): void {
    if (this.#dead || this.#closed || this.#lost) return;
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
    if (!this.#dead && !this.#closed) this.#end('the loss of a host');
  }

  /** Whoever asked has let go: what was sent is heard, and answers nobody has heard will never come. */
  close(): void {
    if (this.#dead || this.#closed) return;
    this.#closed = true;
    this.#part();
    if (!this.#lost) this.#end('the end of a connection');
  }

  /** Whoever asked has died; a part of what was sent may still be heard. */
  cut(): void {
    this.#dead = true;
    this.#outbox.length = 0;
    this.#inbox.length = this.#random.below(this.#inbox.length + 1);
    this.#part();
  }

  #part(): void {
    if (this.partings.size === 0) return;
    const hear = () => {
      for (const listener of this.partings) listener();
    };
    this.#send('that somebody is gone', { id: 0, hear });
  }

  #end(what: string): void {
    this.#schedule.add(what, this.#latency(), this.life, () => {
      this.#outbox.length = 0;
      for (const { reject } of this.#pending.values()) reject(this.#lostFailure());
      this.#pending.clear();
      for (const listener of [...this.losses]) listener();
    });
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
