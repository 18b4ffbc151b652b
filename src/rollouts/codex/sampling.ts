/** Which sampling of the model an item belongs to: Codex writes items one by one, and says only when a sampling was paid for. */
import type { Thread } from './thread.ts';

/** A sampling ends with the line about its tokens; where there is none, with the results of its calls. */
export function sampling(thread: Thread): number {
  const { retelling, agentId } = thread;
  const agent = retelling.agent(agentId);
  const turn = retelling.turn(agentId);
  if (agent === undefined || turn === undefined) return 1;
  const goesOn = turn.list !== undefined && !thread.paid && (thread.total > 0 || turn.phase === 'calling');
  thread.paid = false;
  return goesOn ? agent.samplings : agent.samplings + 1;
}
