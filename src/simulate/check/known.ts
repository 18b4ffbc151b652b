/** What a picture of a log knows of mail and of calls. */

export interface Letter {
  readonly id: string;
  readonly kind: string;
  readonly position: number;
  /** It starts a turn; false once it is spent. */
  trigger: boolean;
  /** Where a turn took it. */
  takenAt: number;
}

export interface Call {
  readonly id: string;
  readonly tool: string;
  readonly position: number;
  /** When wait_agent gives up, or exec and wait yield. */
  readonly until: number | undefined;
  /** The cell that exec or wait waits for. */
  readonly cellId: string | undefined;
  processId: number | undefined;
}
