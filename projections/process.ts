/** A process in the state document: what it is, who holds it, how far it has been read, how it ended. */
import type { AgentId, TurnId } from '../events/ids.ts';
import type { DetachReason, StopReason } from '../events/process.ts';

export interface ProcessEnd {
  how: 'exited' | 'terminated' | 'lost' | 'launch-failed';
  code: number | null;
  signal: string | null;
  outputBytes: number;
  at: number;
  position: number;
  reason?: string;
}

export interface Process {
  processId: number;
  agentId: AgentId;
  rootId: AgentId;
  requestId: string;
  hostId: string;
  command: string[];
  cwd: string;
  tty: boolean;
  onInterrupt: 'keep' | 'kill';
  position: number;
  at: number;
  turnId?: TurnId;
  callId?: string;
  cellId?: string;
  pid?: number;
  group?: number;
  startTime?: number;
  bootId?: string;
  /** attached: its agent is in memory and may write to it. */
  place: 'attached' | 'detached';
  /** Why it is detached. */
  detached?: DetachReason;
  /** Position of its last use: its start, or a call of any agent. */
  used: number;
  /** Its agent wants to be told of its end. */
  notify?: true;
  /** Processes that were ended to make room for it. */
  pruned?: number[];
  stop?: StopReason;
  /** Bytes written to its stdin so far. */
  written: number;
  /** Those of them that operators typed. */
  typed?: number;
  /** How far an agent has read its output. */
  cursors: Record<string, number>;
  end?: ProcessEnd;
}
