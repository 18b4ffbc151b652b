/** What the raw events say about identities and tasks, in the plainest form; it judges nothing and shares nothing with the engine. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';

export interface KnownIdentity {
  readonly epoch: number;
  readonly runtimeId: string;
  readonly accountId: string;
  readonly publicKey: string;
}

export interface KnownTask {
  readonly taskId: string;
  readonly epoch: number;
  readonly expiresAt: number;
}

export interface Asked {
  readonly key: string;
  readonly epoch: number;
  readonly origin: string;
}

export class Registry {
  /** The fleet file asks for registration. */
  on = false;
  strict = false;
  /** The engine has stopped in order: nothing is registered before the next one starts. */
  stopped = false;
  /** Epoch of the newest identity. */
  newest = 0;
  identity: KnownIdentity | undefined;
  asking: Asked | undefined;
  /** Agent → its newest task that was not cleared. */
  readonly #tasks = new Map<string, KnownTask>();
  /** Agent → the registration that is under way. */
  readonly askingFor = new Map<string, Asked>();

  /** The task that counts: of the newest identity. */
  taskOf(agentId: string): KnownTask | undefined {
    const task = this.#tasks.get(agentId);
    return task !== undefined && task.epoch === this.identity?.epoch ? task : undefined;
  }

  /** Whatever was bound last, of whichever identity. */
  lastOf(agentId: string): KnownTask | undefined {
    return this.#tasks.get(agentId);
  }

  add(event: HoldfastEvent): void {
    switch (event.type) {
      case 'FleetOpened':
        this.on = event.data.fleet.identity !== undefined;
        this.strict = event.data.fleet.identity?.strict === true;
        return;
      case 'EngineStarted':
      case 'EngineStopped':
        this.stopped = event.type === 'EngineStopped';
        return;
      case 'IdentityRegistrationStarted':
        this.asking = { key: event.data.key, epoch: event.data.identityEpoch, origin: event.data.origin };
        return;
      case 'IdentityRegistrationFailed':
        this.asking = undefined;
        return;
      case 'IdentityRegistered': {
        const { identityEpoch, runtimeId, accountId, publicKey } = event.data;
        this.identity = { epoch: identityEpoch, runtimeId, accountId, publicKey };
        this.newest = identityEpoch;
        this.asking = undefined;
        return;
      }
      case 'IdentityCleared':
        this.identity = undefined;
        return;
      case 'TaskRegistrationStarted': {
        const { agentId, key, identityEpoch, origin } = event.data;
        this.askingFor.set(agentId, { key, epoch: identityEpoch, origin });
        return;
      }
      case 'TaskRegistrationFailed':
        this.askingFor.delete(event.data.agentId);
        return;
      case 'TaskBound': {
        const { agentId, taskId, identityEpoch, expiresAt = Number.POSITIVE_INFINITY } = event.data;
        this.askingFor.delete(agentId);
        this.#tasks.set(agentId, { taskId, epoch: identityEpoch, expiresAt });
        return;
      }
      case 'TaskCleared':
        if (this.#tasks.get(event.data.agentId)?.taskId === event.data.taskId) this.#tasks.delete(event.data.agentId);
        return;
      case 'AgentClosed':
        this.askingFor.delete(event.data.agentId);
        this.#tasks.delete(event.data.agentId);
        return;
      default:
    }
  }
}
