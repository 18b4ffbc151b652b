/** What clients need of a fleet, in this process or behind the socket of the process that has it open. */
import type { Calling, CallResult, Joined, Joining } from '../engine/clientDoor.ts';
import { Failure } from '../failure.ts';
import type { Fleet, Result } from '../fleet.ts';
import type { Answered, OwnerClient } from '../serve/client.ts';
import { type ViewName, views } from '../serve/views.ts';

export interface Door {
  /** Resolves to the root; `gone` is called when nobody acts as it any more, because the fleet has stopped or died. */
  join(joining: Joining, gone: () => void): Promise<Result<Joined>>;
  leave(connectionId: string): Promise<void>;
  call(connectionId: string, calling: Calling): Promise<Result<CallResult>>;
  cancel(connectionId: string, call: string): Promise<void>;
  view(name: ViewName, rootId: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
}

export const localDoor = (fleet: Fleet): Door => ({
  join: (joining) => fleet.join(joining),
  leave: async (connectionId) => void (await fleet.leave(connectionId)),
  call: (connectionId, calling) => fleet.callTool(connectionId, calling),
  cancel: async (connectionId, call) => void (await fleet.cancelCall(connectionId, call)),
  view: (name, rootId, args) => views[name](fleet, rootId, args),
});

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

  async join(joining: Joining, gone: () => void): Promise<Result<Joined>> {
    const { connectionId } = joining;
    const leaving = new AbortController();
    const pages = this.#owner.stream<Result<Joined>>('client', { ...joining }, leaving.signal);
    const first = await pages.next().catch(stopped);
    if (first === undefined || first.done === true) throw lost();
    const joined = first.value[0]!;
    if (!joined.ok) {
      leaving.abort();
      return joined;
    }
    this.#there.set(connectionId, leaving);
    // The stream ends with the fleet, and breaks with its process.
    const ended = () => {
      if (this.#there.delete(connectionId)) gone();
    };
    pages.next().then(ended, ended);
    return joined;
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
