/** I2–I4: a slot is reserved, committed with its turn, released with its end or parking, once each, and never beyond the limit. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import type { Picture } from './picture.ts';
import { holds } from './violation.ts';

export function slots(): Checker {
  const everReserved = new Set<string>();
  return {
    before: (picture, event) => {
      const { position } = event;
      if (event.type === 'SlotReserved') {
        const { reservationId, rootId, agentId } = event.data;
        const tree = picture.trees.get(rootId)!;
        holds(!everReserved.has(reservationId), 'I2', position, () => `reservation ${reservationId} was made before`);
        everReserved.add(reservationId);
        holds(
          tree.held.size < picture.activeTurns,
          'I3',
          position,
          () => `${tree.held.size} slots are held, the limit is ${picture.activeTurns}`,
        );
        holds(rootId !== agentId, 'SL1', position, () => 'a root needs no slot');
      } else if (event.type === 'SlotCommitted') {
        const held = picture.trees.get(event.data.rootId)!.held.get(event.data.reservationId);
        holds(held !== undefined, 'I2', position, () => 'commits a reservation that is not held');
        holds(held.turn === undefined, 'I2', position, () => 'commits a reservation a second time');
        holds(held.agentId === event.data.agentId, 'I2', position, () => "commits another agent's reservation");
      } else if (event.type === 'SlotReleased') {
        const held = picture.trees.get(event.data.rootId)!.held.get(event.data.reservationId);
        holds(held !== undefined, 'I2', position, () => 'releases a reservation that is not held');
      }
    },
    after: (picture, batch) => {
      const { position } = picture;
      for (const { held } of picture.trees.values()) {
        for (const slot of held.values()) {
          holds(
            slot.turn !== undefined,
            'I3',
            position,
            () => `reservation of event ${slot.position} outlived its batch without a turn`,
          );
          const turn = picture.turns.get(slot.turn);
          holds(
            turn !== undefined && !turn.parked && turn.slot === slot.id,
            'I3',
            position,
            () => `the slot of event ${slot.position} is held without a running turn`,
          );
        }
      }
      for (const { slot, agent, parked, id } of picture.turns.values()) {
        const held = slot !== undefined && agent.tree.held.get(slot)?.turn === id;
        const needs = agent.parent !== undefined && !parked;
        holds(
          held === needs,
          'I3',
          position,
          () => `${agent.path} ${needs ? 'runs without a slot' : 'holds a slot and does not run on one'}`,
        );
      }
      together(batch);
    },
  };
}

/** I4: commit and start are in one batch. (End and release are, because no slot is held without a turn after a batch.) */
function together(batch: readonly HoldfastEvent[]): void {
  for (const { type, data, position } of batch) {
    if (type !== 'SlotCommitted') continue;
    const starts = batch.some(
      (e) =>
        (e.type === 'TurnStarted' || e.type === 'TurnUnparked') &&
        e.data.turnId === data.turnId &&
        e.data.reservationId === data.reservationId,
    );
    holds(starts, 'I4', position, () => 'its turn does not start in the same batch');
  }
}

/** At rest: nobody runs, so nobody holds a slot. */
export function noSlotHeld(picture: Picture): void {
  for (const { held } of picture.trees.values()) {
    const first = held.values().next().value;
    holds(
      first === undefined,
      'I2',
      picture.position,
      () => `the fleet is at rest and the slot of event ${first?.position} is held`,
    );
  }
}
