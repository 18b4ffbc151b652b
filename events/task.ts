/** Facts about task bindings: the registered task under which one agent acts. */
import * as t from 'io-ts';
import { aggregate, fact, shape } from './fact.ts';
import { AgentId } from './ids.ts';

const task = aggregate('task', (d: { agentId: string }) => d.agentId);
const ofIdentity = { agentId: AgentId, runtimeId: t.string, identityEpoch: t.number };

/** Why a task is registered: ahead of a turn at a start of the engine, because a turn waits, or before the old one ends. */
export const TaskOrigin = t.keyof({ prewarm: null, turn: null, renewal: null }, 'TaskOrigin');
export type TaskOrigin = t.TypeOf<typeof TaskOrigin>;

/** The registrar is asked, under a key by which it knows a request that comes again after a crash. */
export const TaskRegistrationStarted = fact(
  'TaskRegistrationStarted',
  task,
  t.type({ ...ofIdentity, key: t.string, attempt: t.number, origin: TaskOrigin }),
);

export const TaskRegistrationFailed = fact(
  'TaskRegistrationFailed',
  task,
  t.type({ ...ofIdentity, key: t.string, error: t.string, willRetry: t.boolean }),
);

export const TaskBound = fact(
  'TaskBound',
  task,
  shape(
    { ...ofIdentity, taskId: t.string, key: t.string, origin: TaskOrigin },
    /** Milliseconds since 1970; absent: the registrar named no end. */
    { expiresAt: t.number },
  ),
);

/** `stale`: it was of an identity that counts no more. */
export const TaskClearReason = t.keyof(
  { stale: null, expired: null, rejected: null, operator: null },
  'TaskClearReason',
);
export type TaskClearReason = t.TypeOf<typeof TaskClearReason>;

/** Names the binding that it clears: one that is not that of the agent any more changes nothing (I12). */
export const TaskCleared = fact(
  'TaskCleared',
  task,
  shape({ agentId: AgentId, taskId: t.string, identityEpoch: t.number, reason: TaskClearReason }, { error: t.string }),
);
