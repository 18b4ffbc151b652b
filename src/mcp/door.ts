/** What clients need of a fleet, in this process or behind the socket of the process that has it open. */
import type { Calling, CallResult, Joined, Joining } from '../engine/clientDoor.ts';
import { Failure } from '../failure.ts';
import type { Fleet, Result } from '../fleet.ts';
import { type Peer, PeerError } from '../models/peer.ts';
import type { Ask } from '../serve/asks.ts';
import type { Answered, OwnerClient } from '../serve/client.ts';
import { type ViewName, views } from '../serve/views.ts';

export interface Door {
  /** Resolves to the root; `gone` is called when nobody acts as it any more, because the fleet has stopped or died. */
  join(joining: Joining, peer: Peer, gone: () => void): Promise<Result<Joined>>;
  leave(connectionId: string): Promise<void>;
  call(connectionId: string, calling: Calling): Promise<Result<CallResult>>;
  cancel(connectionId: string, call: string): Promise<void>;
  view(name: ViewName, rootId: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
}

export const localDoor = (fleet: Fleet): Door => ({
  join: (joining, peer) => fleet.join(joining, peer),
  leave: async (connectionId) => void (await fleet.leave(connectionId)),
  call: (connectionId, calling) => fleet.callTool(connectionId, calling),
  cancel: async (connectionId, call) => void (await fleet.cancelCall(connectionId, call)),
  view: (name, rootId, args) => views[name](fleet, rootId, args),
});

/** JSON-RPC: something went wrong at the client. */
const internalCode = -32_603;

export const ownerLost = 'HOLDFAST_OWNER_LOST';

const lost = (): Failure =>
  new Failure(ownerLost, 'the process that had the fleet open went away', { remedy: 'ask again', retryable: true });

/** An owner that is stopping is as good as gone. */
async function answered<A>(asked: Promise<Answered | undefined>): Promise<Result<A>> {
  const answer = await asked.catch(stopped);
  if (answer === undefined) throw lost();
  return answer as Result<A>;
}

function stopped(error: unknown): undefined {
  if (error instanceof Failure && error.code === 'HOLDFAST_NOT_RUNNING') return undefined;
  throw error;
}

export class RemoteDoor implements Door {
  readonly #owner: OwnerClient;
  /** By connection: closing it is how the owner knows that a client has left. */
  readonly #there = new Map<string, AbortController>();

  constructor(owner: OwnerClient) {
    this.#owner = owner;
  }

  async join(joining: Joining, peer: Peer, gone: () => void): Promise<Result<Joined>> {
    const { connectionId } = joining;
    const leaving = new AbortController();
    const pages = this.#owner.stream('client', { ...joining, elicits: peer.elicits }, leaving.signal);
    const first = await pages.next().catch(stopped);
    if (first === undefined || first.done === true) throw lost();
    const joined = first.value[0] as Result<Joined>;
    if (!joined.ok) {
      leaving.abort();
      return joined;
    }
    this.#there.set(connectionId, leaving);
    // The stream ends with the fleet, and breaks with its process.
    const ended = () => {
      if (this.#there.delete(connectionId)) gone();
    };
    this.#listen(pages as AsyncIterable<readonly Ask[]>, peer).then(ended, ended);
    return joined;
  }

  /** What the client is asked, as long as it is there. */
  async #listen(pages: AsyncIterable<readonly Ask[]>, peer: Peer): Promise<void> {
    const open = new Map<string, AbortController>();
    try {
      for await (const page of pages) {
        for (const asked of page) {
          if ('takenBack' in asked) open.get(asked.takenBack)?.abort();
          else void this.#answer(asked, peer, open);
        }
      }
    } finally {
      for (const controller of open.values()) controller.abort();
    }
  }

  async #answer(asked: Exclude<Ask, { takenBack: string }>, peer: Peer, open: Map<string, AbortController>) {
    const { ask, method, params } = asked;
    const controller = new AbortController();
    open.set(ask, controller);
    const answer = await peer.ask(method, params, controller.signal).then(
      (result) => ({ result }),
      (error: Error) => ({
        error: { code: error instanceof PeerError ? error.code : internalCode, message: error.message },
      }),
    );
    open.delete(ask);
    // One that was taken back, and one that dies with its owner, is asked anew by whoever goes on.
    if (!controller.signal.aborted) await this.#owner.ask('answerAsk', { ask, ...answer }).catch(() => undefined);
  }

  async leave(connectionId: string): Promise<void> {
    const leaving = this.#there.get(connectionId);
    this.#there.delete(connectionId);
    leaving?.abort();
  }

  async call(connectionId: string, calling: Calling): Promise<Result<CallResult>> {
    return answered(this.#owner.ask('callTool', { connectionId, ...calling }));
  }

  async cancel(connectionId: string, call: string): Promise<void> {
    await this.#owner.ask('cancelCall', { connectionId, call });
  }

  async view(name: ViewName, rootId: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    const answer = await answered(this.#owner.ask('view', { name, rootId, args }));
    return answer.ok ? answer.answer : undefined;
  }
}
