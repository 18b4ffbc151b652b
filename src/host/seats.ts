/** A connection's seats at the terminals it has joined; they are left when it is gone. */
import type { Seat } from './keyboard.ts';
import type { Caller } from './server.ts';
import type { Visiting } from './visitors.ts';

export class Seats {
  readonly #visitors: Visiting;
  readonly #byCaller = new Map<Caller, Map<number, Seat>>();

  constructor(visitors: Visiting) {
    this.#visitors = visitors;
  }

  of(caller: Caller, processId: number): Seat {
    const seats = this.#byCaller.get(caller) ?? this.#meet(caller);
    let seat = seats.get(processId);
    if (seat === undefined) {
      seat = { tell: (notice) => caller.tell({ at: processId, notice }) };
      seats.set(processId, seat);
    }
    return seat;
  }

  #meet(caller: Caller): Map<number, Seat> {
    const seats = new Map<number, Seat>();
    this.#byCaller.set(caller, seats);
    caller.onGone(() => {
      this.#byCaller.delete(caller);
      for (const [processId, seat] of seats) this.#visitors.leave(processId, seat);
    });
    return seats;
  }
}
