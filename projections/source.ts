/** What an imported log remembers of each file that it came from. */
import type { AgentId } from '../events/ids.ts';

/** A file that a log was imported from. */
export interface Source {
  file: number;
  from: 'codex' | 'claude';
  key: string;
  name: string;
  agentId: AgentId;
  policy?: string;
  /** Offset of the last line that led to an event. */
  last: number;
  /** Everything before has been read; its last `tail` bytes have this hash. */
  bytes: number;
  sha256?: string;
  tail: number;
  defects: number;
}
