/** SL5, SL2: a slot is refused only while none is free, by its own number; a refusal comes before any effect and touches nobody's place in memory. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import { holds } from './violation.ts';

export const refusals = (): Checker => ({
  before: (picture, event) => {
    if (event.type !== 'SlotRefused') return;
    const { position, data } = event;
    const { held, queue } = picture.trees.get(data.rootId)!;
    const free = picture.activeTurns - held.size - queue.length;
    holds(free <= 0, 'SL2', position, () => `a slot is refused while ${free} are free`);
    holds(
      data.number === picture.activeTurns,
      'SL5',
      position,
      () => `the refusal names ${data.number} slots, the limit is ${picture.activeTurns}`,
    );
    const strange = data.holders.find(({ reservationId }) => !held.has(reservationId ?? ''));
    holds(strange === undefined, 'SL5', position, () => `${strange?.path} is named as a holder and holds no slot`);
  },
  after: (_picture, batch) => {
    for (const event of batch) {
      if (event.type !== 'SlotRefused' && event.type !== 'LimitRefused') continue;
      const isEffect = event.type === 'SlotRefused' ? touches : begins;
      const effect = decisionOf(event, batch).find(isEffect);
      holds(effect === undefined, 'SL5', event.position, () => `refused, and ${effect?.type} goes with it`);
    }
  },
});

/** The calls of one drain of a cell are decided in one batch, one after the other. */
function decisionOf(refusal: HoldfastEvent, batch: readonly HoldfastEvent[]): readonly HoldfastEvent[] {
  const at = batch.indexOf(refusal);
  const start = batch.slice(0, at).findLastIndex(isDecided) + 1;
  const length = batch.slice(at).findIndex(isDecided);
  return batch.slice(start, length === -1 ? undefined : at + length);
}

const isDecided = ({ type }: HoldfastEvent): boolean => type === 'CellToolStarted' || type === 'CellToolEnded';

const begins = (event: HoldfastEvent): boolean => event.type === 'AgentSpawned' || asks(event) !== undefined;

const places: ReadonlySet<string> = new Set(['AgentLoaded', 'AgentEvicted', 'SlotReserved']);
const touches = (event: HoldfastEvent): boolean => begins(event) || places.has(event.type);

/** Mail that starts turns: not completions and ends of processes, which were promised before. */
const promised: ReadonlySet<string> = new Set(['completion', 'notice']);

/** Whom this mail asks for a turn. */
export const asks = (event: HoldfastEvent): string | undefined =>
  event.type === 'MailAccepted' && event.data.trigger && !promised.has(event.data.kind) ? event.data.to : undefined;
