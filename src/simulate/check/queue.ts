/** SL5, SL6, SL9: refused without a trace, or queued; first in, first out per tree; nobody overtakes, nobody waits beside a free slot, no unspent trigger lies idle. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import type { KnownAgent, Picture } from './picture.ts';
import { asks } from './refusals.ts';
import { holds } from './violation.ts';

export function queue(): Checker {
  return {
    before: (picture, event) => {
      const { position } = event;
      if (event.type === 'TurnQueued') {
        const agent = picture.agent(event.data.agentId);
        holds(agent.entry === undefined, 'SL9', position, () => `${agent.path} is queued already`);
        holds(agent.parent !== undefined, 'SL1', position, () => 'a root does not queue');
        holds(agent.open, 'SL9', position, () => `${agent.path} is closed`);
        holds(
          event.data.turnId === agent.turn?.id,
          'SL9',
          position,
          () => 'a queued turn has not started, an unpark names its turn',
        );
        holds(
          agent.tree.queue.length === event.data.ahead,
          'SL9',
          position,
          () => `${agent.tree.queue.length} are ahead, not ${event.data.ahead}`,
        );
      } else if (event.type === 'TurnDequeued') {
        const agent = picture.agent(event.data.agentId);
        holds(agent.entry?.id === event.data.queueId, 'SL9', position, () => `${agent.path} is not queued like this`);
      } else if (event.type === 'TurnStarted' || event.type === 'TurnUnparked') {
        const agent = picture.agent(event.data.agentId);
        if (agent.parent !== undefined) overtakes(agent, event);
        const wanted =
          event.type === 'TurnUnparked' || agent.client !== undefined || agent.unread.some((letter) => letter.trigger);
        holds(wanted, 'MA2', position, () => `${agent.path} starts a turn, and no unread trigger asks for one`);
      }
    },
    after: (picture, batch) => {
      const { position } = picture;
      if (!picture.queueing) admitted(batch);
      for (const tree of picture.trees.values()) {
        holds(
          tree.queue.length === 0 || tree.held.size >= picture.activeTurns,
          'SL9',
          position,
          () => `${tree.queue[0]?.agent.path} waits in the queue beside a free slot`,
        );
        for (const agent of tree.agents) if (agent.open) idle(picture, agent);
      }
    },
  };
}

/**
 * With `refuse` nobody is let in that has no slot; a trigger of an earlier batch is queued all the same, and so are those
 * that a raised budget lets go on: there may be more of them than slots (BU3).
 */
function admitted(batch: readonly HoldfastEvent[]): void {
  if (batch.some((event) => event.type === 'BudgetChanged')) return;
  for (const event of batch) {
    if (event.type !== 'TurnQueued' || event.data.purpose === 'unpark') continue;
    const { agentId } = event.data;
    const ended = batch.some((e) => e.type === 'TurnInterrupted' && e.data.agentId === agentId);
    holds(
      ended || !batch.some((e) => asks(e) === agentId),
      'SL5',
      event.position,
      () => 'what found no slot is queued where it is to be refused',
    );
  }
}

/** Whoever found a free slot before others joined the queue, in the same batch, overtakes nobody. */
function overtakes(agent: KnownAgent, event: HoldfastEvent): void {
  const first = agent.tree.queue.find((entry) => agent.entry !== undefined || entry.position < event.batch);
  holds(
    first === undefined || first === agent.entry,
    'SL9',
    event.position,
    () => `${agent.path} overtakes ${first?.agent.path}`,
  );
}

function idle(picture: Picture, agent: KnownAgent): void {
  // A client's mail waits for the client.
  if (agent.entry !== undefined || agent.client !== undefined) return;
  if (agent.turn === undefined) {
    const trigger = agent.unread.find((letter) => letter.trigger);
    holds(
      trigger === undefined,
      'SL6',
      picture.position,
      () => `the trigger of event ${trigger?.position} is unread and starts no turn of ${agent.path}`,
    );
  } else {
    const { parked, calls } = agent.turn;
    holds(
      !parked || calls.size > 0,
      'SL9',
      picture.position,
      () => `the wait of ${agent.path} has ended and it is not queued for a slot`,
    );
  }
}
