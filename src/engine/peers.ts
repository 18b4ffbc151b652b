/** Asks the clients that are there. Nothing of it outlives a connection: what an answer leads to is a fact, the question is not. */
import type { State } from '../../projections/state.ts';
import { type AskClient, closedCode, type Peer, PeerError } from '../models/peer.ts';

export class Peers {
  readonly #state: State;
  /** By connection. */
  readonly #there = new Map<string, Peer>();

  constructor(state: State) {
    this.#state = state;
  }

  come(connectionId: string, peer: Peer): void {
    this.#there.set(connectionId, peer);
  }

  go(connectionId: string): void {
    this.#there.delete(connectionId);
  }

  elicits(connectionId: string): boolean {
    return this.#there.get(connectionId)?.elicits === true;
  }

  readonly ask: AskClient = async (rootId, method, params, signal) => {
    const { connectionId = '' } = this.#state.agents[rootId]?.client ?? {};
    const peer = this.#there.get(connectionId);
    if (peer === undefined) return aborted(signal);
    try {
      return await peer.ask(method, params, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PeerError && error.code === closedCode) return aborted(signal);
      throw error;
    }
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
