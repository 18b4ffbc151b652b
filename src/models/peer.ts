/** Clients as those who are asked: by methods of the protocol, while they act as a root. */

export type PeerMethod = 'sampling/createMessage' | 'elicitation/create';

/** One client. */
export interface Peer {
  /** It can put a question to its person. */
  readonly elicits: boolean;
  /** Its answer, or a `PeerError`. */
  readonly ask: (method: PeerMethod, params: object, signal: AbortSignal) => Promise<unknown>;
}

/**
 * The client that acts as this root now. One that goes before it has answered never answers: the promise rejects when
 * `signal` is aborted, which the fact that it has left leads to.
 */
export type AskClient = (rootId: string, method: PeerMethod, params: object, signal: AbortSignal) => Promise<unknown>;

/** What a client says instead of an answer; `code` as JSON-RPC has it. */
export class PeerError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The connection has ended. */
export const closedCode = -32_000;
/** A person at the client said no. */
export const rejectedCode = -1;
/** It cannot be asked so, now or later: there is no such method, or the request is not as it should be. */
export const isForGood = (code: number): boolean => code === -32_601 || code === -32_602;
