/** Facts about execution slots: the permission for one sub-agent turn to run, and the queue for it. */
import * as t from 'io-ts';
import { aggregate, fact, shape } from './fact.ts';
import { Holder } from './fleet.ts';
import { AgentId, MailId, QueueId, ReservationId, TurnId } from './ids.ts';

const slot = aggregate('slot', (d: { rootId: string }) => d.rootId);

export const Purpose = t.keyof(
  { spawn: null, followup: null, turn: null, continuation: null, queued: null, unpark: null },
  'Purpose',
);
export type Purpose = t.TypeOf<typeof Purpose>;

export const SlotReserved = fact(
  'SlotReserved',
  slot,
  t.type({ reservationId: ReservationId, agentId: AgentId, rootId: AgentId, purpose: Purpose }),
);

export const SlotCommitted = fact(
  'SlotCommitted',
  slot,
  shape(
    { reservationId: ReservationId, agentId: AgentId, rootId: AgentId },
    /** Absent in imported logs only, where a policy gives slots to agents and not to turns. */
    { turnId: TurnId },
  ),
);

export const SlotReleased = fact(
  'SlotReleased',
  slot,
  t.type({
    reservationId: ReservationId,
    agentId: AgentId,
    rootId: AgentId,
    reason: t.keyof({ completed: null, failed: null, interrupted: null, aborted: null, recovered: null, parked: null }),
  }),
);

export const SlotRefused = fact(
  'SlotRefused',
  slot,
  shape(
    {
      refusalId: t.string,
      rootId: AgentId,
      purpose: Purpose,
      limit: t.literal('activeTurns'),
      number: t.number,
      holders: t.array(Holder),
      wouldFree: t.string,
    },
    { agentId: AgentId, path: t.string },
  ),
);

export const TurnQueued = fact(
  'TurnQueued',
  slot,
  shape(
    {
      queueId: QueueId,
      agentId: AgentId,
      rootId: AgentId,
      purpose: Purpose,
      mailIds: t.array(MailId),
      ahead: t.number,
    },
    { turnId: TurnId },
  ),
);

export const TurnDequeued = fact(
  'TurnDequeued',
  slot,
  t.type({
    queueId: QueueId,
    agentId: AgentId,
    rootId: AgentId,
    reason: t.keyof({ interrupted: null, closed: null, operator: null }),
  }),
);
