/** A person's connection to a host of the world: the requests of a seat go over it, and notices come back. */
import type { Line } from '../host/attached.ts';
import type { Notice } from '../host/keyboard.ts';
import type { seatRequests } from '../host/seatRequests.ts';
import type { Caller } from '../host/server.ts';
import type { WorldConnection } from './connection.ts';

type Requests = ReturnType<typeof seatRequests>;

const nothing = new Uint8Array(0);

export function lineOver(connection: WorldConnection, requests: Requests): Line {
  const notices = new Set<(processId: number, notice: Notice) => void>();
  const caller: Caller = {
    tell: (reply) => {
      if (!('at' in reply)) return;
      connection.tell('a notice', () => {
        for (const listener of [...notices]) listener(reply.at, reply.notice);
      });
    },
    onGone: (listener) => connection.partings.add(listener),
  };
  return {
    notices,
    losses: connection.losses,
    request: async (op, args, bytes = nothing) => {
      const serve = requests[op as keyof Requests];
      const served = await connection.request<() => never>(`a request of a seat: ${op}`, (answer) =>
        answer(outcome(() => serve(args, bytes, caller).value as never)),
      );
      return served();
    },
    close: () => connection.close(),
  };
}

/** A value or a failure, to be had on the other side. */
function outcome<A>(serve: () => A): () => A {
  try {
    const value = serve();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
