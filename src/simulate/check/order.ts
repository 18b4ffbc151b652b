/** Order inside a batch: ends and releases before the queue, the queue before grants, one whole grant after the other, the answer last. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import { holds } from './violation.ts';

const beforeGrants = new Set([
  'SlotReleased',
  'TurnQueued',
  'TurnDequeued',
  'TurnParked',
  'TurnCompleted',
  'TurnFailed',
  'TurnInterrupted',
  'AgentClosed',
]);
const insideGrant = new Set([
  'AgentSpawned',
  'MailAccepted',
  'AgentEvicted',
  'AgentLoaded',
  'SlotCommitted',
  'TurnStarted',
  'TurnUnparked',
]);

export const order = (): Checker => ({
  after: (_picture, batch) => {
    let granting: string | undefined;
    let granted = false;
    let answered = false;
    for (const event of batch) {
      const { type, position } = event;
      holds(!answered, 'I4', position, () => `${type} comes after the answer to the command`);
      if (type === 'CommandAnswered') answered = true;
      holds(!(granted && beforeGrants.has(type)), 'I4', position, () => `${type} comes after a grant`);
      if (granting !== undefined)
        holds(insideGrant.has(type), 'I4', position, () => `${type} is in the middle of a grant`);
      if (type === 'SlotReserved') {
        granting = event.data.reservationId;
        granted = true;
      }
      if (granting !== undefined && startedBy(event) !== undefined) {
        holds(
          startedBy(event) === granting,
          'I4',
          position,
          () => 'starts on another reservation than the one before it',
        );
        granting = undefined;
      }
    }
    holds(granting === undefined, 'I4', batch[0]!.position, () => 'the batch ends in the middle of a grant');
  },
});

const startedBy = (event: HoldfastEvent): string | undefined =>
  event.type === 'TurnStarted' || event.type === 'TurnUnparked' ? event.data.reservationId : undefined;
