/**
 * Who sits at a terminal: any number watch, and one of them has the keyboard. The first who asks gets it, anybody may take
 * it, and it is free again when its holder leaves, however that happens.
 */
import type { Window } from './port.ts';

/** Told to those who sit there: where the keyboard is now, or that the window has another size. */
export type Notice = { readonly keyboard: 'yours' | 'held' | 'free' } | { readonly window: Window };

export interface Seat {
  tell(notice: Notice): void;
}

export class Keyboard {
  readonly #seats = new Set<Seat>();
  #holder: Seat | undefined;

  join(seat: Seat): void {
    this.#seats.add(seat);
  }

  leave(seat: Seat): void {
    this.#seats.delete(seat);
    this.give(seat);
  }

  isHeldBy(seat: Seat): boolean {
    return this.#holder === seat;
  }

  get isFree(): boolean {
    return this.#holder === undefined;
  }

  /** True when it is theirs now. `force`: also away from somebody else. */
  take(seat: Seat, force: boolean): boolean {
    if (this.#holder === seat) return true;
    if (this.#holder !== undefined && !force) return false;
    this.#hand(seat);
    return true;
  }

  give(seat: Seat): void {
    if (this.#holder === seat) this.#hand(undefined);
  }

  resized(window: Window): void {
    for (const seat of this.#seats) seat.tell({ window });
  }

  #hand(to: Seat | undefined): void {
    this.#holder = to;
    for (const seat of this.#seats) seat.tell({ keyboard: to === undefined ? 'free' : seat === to ? 'yours' : 'held' });
  }
}
