/** Identity and tasks in the state document: what is registered, what is being registered, and who waits for that. */
import type { Need } from '../events/identity.ts';
import type { TaskOrigin } from '../events/task.ts';
import type { Order } from './order.ts';

export interface Identity {
  runtimeId: string;
  accountId: string;
  identityEpoch: number;
  publicKey: string;
  position: number;
  at: number;
}

/** What the registrar has been asked for and has not answered. */
export interface Registration<Origin> {
  /** The registrar knows the request by it. */
  key: string;
  identityEpoch: number;
  attempt: number;
  origin: Origin;
  position: number;
  at: number;
}

export interface Identities {
  /** Epoch of the newest registration; 0 before the first. */
  newest: number;
  current?: Identity;
  registering?: Registration<Need>;
  /** Registrations made void by a change of the account, since the last that was not. */
  lostAttempts: number;
}

export interface Binding {
  taskId: string;
  runtimeId: string;
  identityEpoch: number;
  origin: TaskOrigin;
  position: number;
  at: number;
  /** Milliseconds since 1970. */
  expiresAt?: number;
}

export interface TaskBindings {
  /** Agent → its newest binding that was not cleared; it counts while its identity does. */
  newest: Record<string, Binding>;
  registering: Record<string, Registration<TaskOrigin>>;
  /** Registrations in it. */
  underWay: number;
  /** Agents whose turn waits, and agents that are registered ahead; none of them is in `registering`. */
  forTurns: Order;
  toPrewarm: Order;
  /** Agent → registrations made void by a change of the identity, since the last that was not. */
  lostAttempts: Record<string, number>;
}
