/** SL3: an agent is there with its first mail, its turn or its place in the queue, and the answer to its spawner, or not at all. */
import type { EventOf, HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import { holds } from './violation.ts';

export const spawns = (): Checker => ({
  after: (_picture, batch) => {
    for (const event of batch) if (event.type === 'AgentSpawned') whole(event, batch);
  },
});

function whole({ position, data }: EventOf<'AgentSpawned'>, batch: readonly HoldfastEvent[]): void {
  const { agentId, path, parentId, client } = data;
  const mail = batch.some((e) => e.type === 'MailAccepted' && e.data.to === agentId && e.data.trigger);
  // A client's root is given no task: the client knows what it wants.
  holds(mail || client === true, 'SL3', position, () => `${path} is spawned without its first mail`);
  const turn = batch.some((e) => (e.type === 'TurnStarted' || e.type === 'TurnQueued') && e.data.agentId === agentId);
  holds(turn, 'SL3', position, () => `${path} is spawned, and neither runs nor is queued`);
  if (parentId === undefined) return;
  const told = batch.some(
    (e) =>
      (e.type === 'ToolCallEnded' || e.type === 'CellToolEnded') &&
      e.data.agentId === parentId &&
      e.data.outcome === 'ok',
  );
  holds(told, 'SL3', position, () => `${path} is spawned, and its spawner is not told so`);
}
