/** A cell in the state document: where it stands, what it waits for, how far it has been read, how it ended. */
import type { CellPolicy } from '../events/cell.ts';
import type { Text } from '../events/fact.ts';
import type { AgentId, TurnId } from '../events/ids.ts';
import type { Call } from './state.ts';

/** Where a pausing cell stands until it is resumed. */
export interface Frontier {
  generation: number;
  pending: string[];
  offset: number;
  position: number;
  at: number;
  observedBy: Record<string, true>;
  /** Position of an unanswered ResumeRequested. */
  resume?: number;
}

export interface CellEnd {
  how: 'completed' | 'failed' | 'terminated' | 'lost';
  at: number;
  position: number;
  /** Why it was terminated or lost, or the code of its failure. */
  reason?: string;
  /** What a failed script says. */
  error?: Text;
  processes: number[];
  conflicts: string[];
}

export interface Cell {
  cellId: string;
  agentId: AgentId;
  rootId: AgentId;
  policy: CellPolicy;
  position: number;
  at: number;
  /** The call of exec that made it. */
  madeBy?: { turnId: TurnId; callId: string };
  /** Requested and not ended. */
  calls: Record<string, Call>;
  open: number;
  /** Requested and not decided, in order. */
  undecided: string[];
  /** Open calls that are wait_agent. */
  waits: number;
  /** Id → when it fires, ms since 1970. */
  timers: Record<string, number>;
  /** Ends of calls and fired timers so far. */
  inputs: number;
  /** Drains recorded so far: one for the creation and one for each input. */
  drains: number;
  /** Items of output so far. */
  offset: number;
  /** Offsets at which the script yielded, rising. */
  yields: number[];
  /** The newest frontier's; 0: none so far. */
  generation: number;
  /** Where it stands; absent: it was resumed, or has none. */
  frontier?: Frontier;
  /** The newest resume that failed. */
  resumeFailed?: { generation: number; reason: string; position: number };
  /** How far an agent has read its output. */
  cursors: Record<string, number>;
  end?: CellEnd;
}
