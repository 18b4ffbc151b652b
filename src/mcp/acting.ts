/** One client that acts as a root, for as long as it is connected: through whichever process has the fleet open. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Offer } from '../../events/client.ts';
import type { CallResult, Joined } from '../engine/clientDoor.ts';
import { Failure } from '../failure.ts';
import type { Peer } from '../models/peer.ts';
import { newId } from '../newId.ts';
import type { ViewName } from '../serve/views.ts';
import type { Access } from './access.ts';
import { type Door, ownerLost } from './door.ts';

export interface Who {
  /** Name of its root. */
  readonly name: string;
  readonly software: string;
  readonly version?: string;
  /** What answers for the agents it spawns. */
  readonly model?: string;
  /** What its own model can be asked for them. */
  readonly sampling?: Offer;
  readonly cwd: string;
}

/** A process that is stopping takes a moment to be gone. */
const lookAgainMs = 50;

interface There {
  readonly door: Door;
  readonly root: Joined;
}

export class Acting {
  readonly connectionId = newId();
  readonly #access: Access;
  readonly #peer: Peer;
  #who: Who;
  #there: Promise<There> | undefined;
  #left = false;

  constructor(access: Access, who: Who, peer: Peer) {
    this.#access = access;
    this.#peer = peer;
    this.#who = who;
  }

  /** The root it acts as; joins when it does not, or does not any more. */
  there(): Promise<There> {
    this.#there ??= this.#join().catch((error) => {
      this.#there = undefined;
      throw error;
    });
    return this.#there;
  }

  async #join(): Promise<There> {
    for (;;) {
      const door = await this.#access.door();
      try {
        const joined = await door.join({ connectionId: this.connectionId, ...this.#who }, this.#peer, () =>
          this.#lost(door),
        );
        if (!joined.ok) throw refusalOf(joined.refusal);
        // Whoever opens the fleet next is asked for the root that this client has.
        this.#who = { ...this.#who, name: joined.answer.name };
        return { door, root: joined.answer };
      } catch (error) {
        await this.#retry(door, error);
      }
    }
  }

  /** Throws what is no loss of the process that has the fleet open. */
  async #retry(door: Door, error: unknown): Promise<void> {
    if (!isLost(error) || this.#left) throw error;
    await this.#access.lost(door);
    await sleep(lookAgainMs);
  }

  /** The process that had the fleet open has gone: it is opened again at once, so that its agents go on. */
  #lost(door: Door): void {
    this.#there = undefined;
    if (this.#left) return;
    void this.#access
      .lost(door)
      .then(() => this.there())
      .catch(() => undefined);
  }

  /** Cancelled by the signal: then it ends as cancelled, in the log too. */
  async call(tool: string, args: unknown, signal: AbortSignal): Promise<CallResult> {
    const call = newId();
    const cancel = () =>
      void this.there()
        .then(({ door }) => door.cancel(this.connectionId, call))
        .catch(() => undefined);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await this.#asked(async (door, again) => door.call(this.connectionId, { call, tool, args, again }));
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  async view(name: ViewName, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#asked(async (door, _, root) => ({
      ok: true as const,
      answer: await door.view(name, root.agentId, args),
    }));
  }

  /** Asks again where the process that was asked dies before it has answered, or has sent us away meanwhile. */
  async #asked<A>(
    ask: (door: Door, again: boolean, root: Joined) => Promise<{ ok: true; answer: A } | { ok: false; refusal: Told }>,
  ): Promise<A> {
    for (let again = false; ; again = true) {
      const { door, root } = await this.there();
      try {
        const answer = await ask(door, again, root);
        if (answer.ok) return answer.answer;
        if (answer.refusal.code !== 'HOLDFAST_NOT_JOINED' || again) throw refusalOf(answer.refusal);
      } catch (error) {
        await this.#retry(door, error);
      }
      this.#there = undefined;
    }
  }

  async leave(): Promise<void> {
    this.#left = true;
    const there = await this.#there?.catch(() => undefined);
    await there?.door.leave(this.connectionId).catch(() => undefined);
  }
}

interface Told {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

const refusalOf = ({ code, message, remedy, details }: Told): Failure =>
  new Failure(code, message, { ...(remedy !== undefined && { remedy }), ...(details !== undefined && { details }) });

const isLost = (error: unknown): boolean =>
  error instanceof Failure && (error.code === ownerLost || error.code === 'HOLDFAST_OWNER_UNREACHABLE');
