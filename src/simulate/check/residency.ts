/** I5, RE2: who is in memory, how many, and that the least recently used goes first, and only when somebody has to. */
import type { Checker } from './checker.ts';
import type { KnownAgent, Picture } from './picture.ts';
import { holds } from './violation.ts';

export function residency(): Checker {
  return {
    before: (picture, event) => {
      const { position } = event;
      if (event.type === 'AgentEvicted') {
        const agent = picture.agent(event.data.agentId);
        holds(agent.resident, 'I5', position, () => `${agent.path} is not resident`);
        holds(agent.parent !== undefined, 'I5', position, () => 'a root is never evicted');
        holds(evictable(agent), 'I5', position, () => `${agent.path} is in the middle of a turn`);
        if (event.data.reason === 'lru') leastRecentlyUsed(picture, agent, position);
      } else if (event.type === 'AgentLoaded') {
        const agent = picture.agent(event.data.agentId);
        holds(agent.open, 'I5', position, () => `${agent.path} is closed`);
        holds(!agent.resident, 'RE7', position, () => `${agent.path} is resident already`);
      }
    },
    after: (picture, batch) => {
      const { position } = picture;
      for (const { agent, parked } of picture.turns.values()) {
        holds(agent.resident || parked, 'I5', position, () => `${agent.path} executes and is not resident`);
      }
      if (!batch.some((event) => event.type === 'AgentLoaded')) return;
      const { size } = picture.residents;
      const most = Math.max(picture.residentsMax, slotsHeld(picture) + 1);
      holds(size <= most, 'I5', position, () => `${size} sub-agents are resident after a load, at most ${most} may be`);
    },
  };
}

const evictable = (agent: KnownAgent): boolean => agent.turn === undefined || agent.turn.parked;

function slotsHeld(picture: Picture): number {
  let held = 0;
  for (const tree of picture.trees.values()) held += tree.held.size;
  return held;
}

function leastRecentlyUsed(picture: Picture, agent: KnownAgent, position: number): void {
  for (const other of picture.residents) {
    holds(
      !evictable(other) || other.lastUse >= agent.lastUse,
      'RE2',
      position,
      () => `${agent.path} was used at ${agent.lastUse}, ${other.path} only at ${other.lastUse}`,
    );
  }
  // The slot of whoever wants the place is reserved already.
  const needed = picture.residents.size + 1 > Math.max(picture.residentsMax, slotsHeld(picture) + 1);
  holds(needed, 'RE4', position, () => `${agent.path} is evicted though there is room`);
}
