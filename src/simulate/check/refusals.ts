/** SL5, SL2: a slot is refused only while none is free, by its own number, and the refusal touches nobody's place in memory. */
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
    const refusal = batch.find((event) => event.type === 'SlotRefused');
    if (refusal === undefined) return;
    const effect = batch.find(isEffect);
    holds(effect === undefined, 'SL5', refusal.position, () => `refused, and ${effect?.type} is in the same batch`);
  },
});

const isEffect = ({ type }: HoldfastEvent): boolean =>
  type === 'AgentLoaded' || type === 'AgentEvicted' || type === 'SlotReserved';
