/** One agent of a Claude Code session while its lines are retold: the session itself, or a child in or beside its file. */
import type { Retelling } from '../retelling.ts';

export interface Session {
  readonly retelling: Retelling;
  readonly key: string;
  readonly name: string;
  readonly agentId: string;
  /** Absent: it is the session. */
  readonly parentId?: string;
  /** The call of the parent that started it, where a file says so. */
  readonly toolUseId?: string;
  readonly model: string;
  readonly cwd: string;
  readonly policy: string;
  /** What it was told first: a parent's call with the same prompt started it. */
  readonly prompt: string;
  begun: boolean;
  lastSaid: string;
  /** Model message whose parts are being written, and what it has cost so far. */
  message: string;
  input: number;
  output: number;
  /** The message with which its last turn ended: more of its parts may follow. */
  ended: string;
}
