/** Questions to people as the raw events tell of them: which are open, and about which calls. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';

export interface Question {
  readonly approvalId: string;
  readonly agentId: string;
  /** `turnId/callId` or `cell-N/callId`. */
  readonly call: string;
  readonly what: unknown;
  readonly always: readonly string[] | undefined;
}

interface OfCall {
  readonly turnId?: string;
  readonly cellId?: string;
  readonly callId: string;
}

export const callOf = ({ turnId, cellId, callId }: OfCall): string =>
  turnId === undefined ? `cell-${cellId}/${callId}` : `${turnId}/${callId}`;

export class Questions {
  readonly open = new Map<string, Question>();
  /** Calls that a person is asked about. */
  readonly calls = new Set<string>();
  /** `turnId/callId` of all calls that a person ever was asked about. */
  readonly ever = new Set<string>();
  asked = 0;

  add({ type, data }: HoldfastEvent): void {
    if (type === 'ApprovalAsked') {
      const { approvalId, agentId, what, always } = data;
      const question = { approvalId, agentId, what, always, call: callOf(data) };
      this.asked += 1;
      this.open.set(approvalId, question);
      this.calls.add(question.call);
      this.ever.add(question.call);
    } else if (type === 'ApprovalAnswered') this.#close(data.approvalId);
    else if (type === 'ToolCallEnded' || type === 'CellToolEnded') {
      const call = callOf(data);
      if (!this.calls.has(call)) return;
      for (const question of this.open.values()) if (question.call === call) this.#close(question.approvalId);
    }
  }

  #close(approvalId: string): void {
    const question = this.open.get(approvalId);
    if (question === undefined) return;
    this.open.delete(approvalId);
    this.calls.delete(question.call);
  }
}
