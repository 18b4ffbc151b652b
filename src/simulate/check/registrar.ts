/** What the world knows beyond the log: who was asked what, under which account, and which tasks are really good (TB3–TB6). */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Assertion } from '../../identity/assertion.ts';
import type { AgentRequest, KeySeen } from '../../identity/port.ts';
import type { WorldAgent, WorldTask } from '../registrar.ts';
import type { Picture } from './picture.ts';
import { holds } from './violation.ts';

type Who = Pick<WorldAgent, 'runtimeId' | 'accountId' | 'publicKey'>;

export class RegistrarChecker {
  readonly #picture: Picture;
  readonly #judge: (check: () => void) => void;
  readonly #tasks: () => ReadonlyMap<string, WorldTask>;
  /** Request → the account when its newest answer came. */
  readonly #answeredUnder = new Map<string, string>();
  /** Tasks that some model did not take. */
  readonly #rejected = new Set<string>();
  #found: { readonly accountId: string; readonly key: KeySeen } | undefined;
  #identity: Pick<WorldAgent, 'accountId' | 'publicKey'> | undefined;
  #seen = 0;

  /** `judge`: runs a check, and keeps what it throws until the engine waits again. */
  constructor(parts: {
    picture: Picture;
    judge: (check: () => void) => void;
    tasks: () => ReadonlyMap<string, WorldTask>;
  }) {
    this.#picture = parts.picture;
    this.#judge = parts.judge;
    this.#tasks = parts.tasks;
  }

  /** What a new life finds before it begins. */
  found(accountId: string, key: KeySeen): void {
    this.#found = { accountId, key };
  }

  /** A request leaves the engine. */
  asked({ key, account }: AgentRequest, token: string): void {
    this.#judge(() => {
      const { registry, position } = this.#picture;
      const known = registry.asking?.key === key || [...registry.askingFor.values()].some((asked) => asked.key === key);
      holds(known, 'LO1', position, () => 'the registrar is asked, and no durable event says so');
      holds(account.token === token, 'TB3', position, () => `the token is not that of ${account.accountId}`);
    });
  }

  /** The registrar hears for whom a task is asked. */
  heard(agent: Who | undefined, { runtimeId, accountId, publicKey }: Who): void {
    this.#judge(() => {
      const same = agent?.accountId === accountId && agent.publicKey === publicKey;
      holds(same, 'TB3', this.#picture.position, () => `${runtimeId} is asked for under ${accountId} and ${publicKey}`);
    });
  }

  answered(key: string, accountId: string): void {
    this.#answeredUnder.set(key, accountId);
  }

  /** A model is shown an assertion; false where it is not the right one. */
  shown(agentId: string, path: string, assertion: Assertion | undefined): boolean {
    let good = false;
    this.#judge(() => {
      const { registry, position } = this.#picture;
      const task = registry.taskOf(agentId);
      holds(
        assertion?.task_id === task?.taskId,
        'TB6',
        position,
        () => `${path} shows ${assertion?.task_id}, not ${task?.taskId}`,
      );
      holds(assertion !== undefined, 'TB6', position, () => `${path} asks its model without a task`);
      good = true;
    });
    return good;
  }

  rejected(taskId: string): void {
    this.#rejected.add(taskId);
  }

  /** Looks at what is new in the log, which is whole batches. */
  look(events: readonly HoldfastEvent[]): void {
    for (; this.#seen < events.length; this.#seen += 1) {
      const event = events[this.#seen]!;
      if (event.type === 'EngineStarted') this.#restored(events.slice(this.#seen, event.batch + event.of - 1));
      this.#event(event);
    }
  }

  #event(event: HoldfastEvent): void {
    const { position } = event;
    if (event.type === 'IdentityRegistered') {
      this.#identity = event.data;
      this.#sameAccount(event.data.key, position);
    }
    if (event.type === 'IdentityCleared') this.#identity = undefined;
    if (event.type === 'TaskBound') {
      const { taskId, key, runtimeId } = event.data;
      const task = this.#tasks().get(taskId);
      const right = task?.key === key && task.runtimeId === runtimeId;
      holds(right, 'I12', position, () => `${taskId} is not what the registrar gave for this request`);
      this.#sameAccount(key, position);
    }
    if (event.type === 'TaskCleared' && event.data.reason === 'rejected') {
      const { taskId } = event.data;
      holds(this.#rejected.has(taskId), 'TB5', position, () => `nobody has rejected ${taskId}`);
    }
  }

  /** R37: the account was not switched while the registrar was asked. */
  #sameAccount(key: string, position: number): void {
    const then = this.#answeredUnder.get(key);
    const own = this.#identity?.accountId;
    holds(then === own, 'TB3', position, () => `it was answered under ${then}, and the identity is of ${own}`);
  }

  /** TB4: where what the new life found is not what the log names, the log says so at once, and only there. */
  #restored(batch: readonly HoldfastEvent[]): void {
    if (this.#identity === undefined || this.#found === undefined) return;
    const { accountId, key } = this.#found;
    const publicKey = key.is === 'sound' ? key.signer.publicKey : undefined;
    const same = accountId === this.#identity.accountId && publicKey === this.#identity.publicKey;
    const cleared = batch.some((event) => event.type === 'IdentityCleared');
    const expected = !same && !this.#picture.registry.strict;
    holds(cleared === expected, 'TB4', batch[0]!.position, () =>
      same
        ? 'an identity that is at hand is cleared'
        : `${this.#identity!.accountId} is not at hand, and nothing says so`,
    );
  }
}
