/** Time as a port: the simulator's jumps to the next timer. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls once after `ms`; the returned function cancels it. */
  after(ms: number, then: () => void): () => void;
}
