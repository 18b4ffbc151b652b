/** Questions to clients behind the control socket: they go out as pages of a client's stream, and answers come as requests. */
import type { Fleet } from '../fleet.ts';
import { type Peer, PeerError, type PeerMethod } from '../models/peer.ts';
import { newId } from '../newId.ts';

/** A page has one of these. */
export type Ask =
  | { readonly ask: string; readonly method: PeerMethod; readonly params: object }
  | { readonly takenBack: string };

/** Takes the answer, or the error. */
type Waiting = (answer: unknown) => void;

const waiting = new WeakMap<Fleet, Map<string, Waiting>>();

/** By the id of the question. */
function waitingOf(fleet: Fleet): Map<string, Waiting> {
  const known = waiting.get(fleet) ?? new Map<string, Waiting>();
  waiting.set(fleet, known);
  return known;
}

/** A peer, and what it is asked, until `signal` is aborted. */
export function asked(
  fleet: Fleet,
  elicits: boolean,
  signal: AbortSignal,
): { readonly peer: Peer; readonly pages: AsyncIterable<Ask[]> } {
  const out: Ask[] = [];
  let wake: () => void = () => {};
  const give = (ask: Ask): void => {
    out.push(ask);
    wake();
  };
  signal.addEventListener('abort', () => wake(), { once: true });
  const put: Peer['ask'] = (method, params, takenBack) =>
    new Promise((resolve, reject) => {
      const open = waitingOf(fleet);
      const ask = newId();
      const settled = (): void => {
        open.delete(ask);
        takenBack.removeEventListener('abort', back);
      };
      const back = (): void => {
        settled();
        give({ takenBack: ask });
        reject(takenBack.reason);
      };
      takenBack.addEventListener('abort', back, { once: true });
      open.set(ask, (answer) => {
        settled();
        if (answer instanceof PeerError) reject(answer);
        else resolve(answer);
      });
      give({ ask, method, params });
    });
  async function* pages(): AsyncGenerator<Ask[], void, void> {
    while (!signal.aborted) {
      if (out.length > 0) yield out.splice(0);
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return { peer: { elicits, ask: put }, pages: pages() };
}

/** What came back; false when nobody waits for it any more. */
export function answer(fleet: Fleet, ask: string, result: unknown, error?: { code: number; message: string }): boolean {
  const open = waitingOf(fleet).get(ask);
  open?.(error === undefined ? result : new PeerError(error.code, error.message));
  return open !== undefined;
}
