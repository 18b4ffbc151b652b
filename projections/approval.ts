/** Approvals in the state document: questions to people that are not answered, and what was allowed for good. */
import type { Text } from '../events/fact.ts';
import type { AgentId, TurnId } from '../events/ids.ts';

export interface Approval {
  approvalId: string;
  agentId: AgentId;
  callId: string;
  turnId?: TurnId;
  cellId?: string;
  tool: string;
  what: Text;
  why: string;
  justification?: string;
  always?: string[];
  position: number;
  at: number;
}

/** Absent before the first question. */
export interface Approvals {
  /** Id of the next question. */
  next: number;
  open: Record<string, Approval>;
  /** Patterns of commands. */
  always: string[];
}
