/** The requests of people at terminals, by name. */
import { extent, invalid, number } from './arguments.ts';
import { Seats } from './seats.ts';
import type { Answer, Caller } from './server.ts';
import type { Visiting } from './visitors.ts';

type SeatRequest = (args: readonly unknown[], bytes: Uint8Array, caller: Caller) => Answer;

export function seatRequests(visitors: Visiting) {
  const seats = new Seats(visitors);
  return {
    join: ([processId], _, caller) => {
      const id = number(processId);
      return { value: visitors.join(id, seats.of(caller, id)) };
    },
    keyboard: ([processId, how], _, caller) => {
      const id = number(processId);
      if (how !== 'ask' && how !== 'take' && how !== 'give')
        throw invalid(`${String(how)} is not a way to have a keyboard`);
      return { value: visitors.keyboard(id, seats.of(caller, id), how) };
    },
    window: ([processId, cols, rows], _, caller) => {
      const id = number(processId);
      return { value: visitors.window(id, seats.of(caller, id), extent(cols), extent(rows)) };
    },
    type: ([processId], bytes, caller) => {
      const id = number(processId);
      return { value: visitors.type(id, seats.of(caller, id), bytes) };
    },
  } satisfies Readonly<Record<string, SeatRequest>>;
}
