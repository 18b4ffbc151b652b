/** MC1–MC4: one client per root, one batch per call, mail with the first result that reaches somebody, and no turn without a client or a call. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import { isUnanswered } from './known.ts';
import type { Picture } from './picture.ts';
import { callOf } from './questions.ts';
import { holds } from './violation.ts';

export function clients(): Checker {
  return {
    before: (picture, event) => {
      const { position } = event;
      if (event.type === 'ClientJoined') {
        const { client, open, path } = picture.agent(event.data.agentId);
        holds(client !== undefined && open, 'MC1', position, () => `${path} is no open root for clients`);
        holds(client.connection === undefined, 'MC1', position, () => 'somebody acts as this root already');
      } else if (event.type === 'ClientLeft') {
        const { client } = picture.agent(event.data.agentId);
        holds(
          client?.connection === event.data.connectionId,
          'MC1',
          position,
          () => 'it is not this client that is there',
        );
      } else if (event.type === 'ModelSampled' || (event.type === 'SamplingEnded' && event.data.outcome === 'failed')) {
        const agent = picture.agent(event.data.agentId);
        holds(!isUnanswered(agent), 'CL4', position, () => `${agent.path} is answered by a client that is not there`);
      }
    },
    after: (picture, batch) => {
      if (batch[0]!.type === 'EngineStarted') nobodyIsThere(picture);
      for (const event of batch) {
        if (event.type === 'ModelSampled') called(picture, batch, event);
        if (event.type === 'ToolCallEnded') mailed(picture, batch, event);
      }
      for (const { agent, calls, client } of picture.turns.values()) {
        const left = client && agent.client?.connection === undefined && calls.size === 0;
        holds(!left, 'MC4', picture.position, () => `the turn of ${agent.path} goes on with nobody there and no call`);
      }
    },
  };
}

function nobodyIsThere(picture: Picture): void {
  const there = [...picture.agents.values()].find(({ client }) => client?.connection !== undefined);
  holds(there === undefined, 'MC1', picture.position, () => `a client of ${there?.path} outlived its engine`);
}

function called(
  picture: Picture,
  batch: readonly HoldfastEvent[],
  { data, position }: Extract<HoldfastEvent, { type: 'ModelSampled' }>,
): void {
  if (picture.agent(data.agentId).client === undefined) return;
  const ids = data.items.flatMap((item) => ('id' in item ? [item.id] : []));
  const starts = batch.flatMap((e) =>
    e.type === 'ToolCallStarted' && e.data.turnId === data.turnId ? [e.data.callId] : [],
  );
  const one = ids.length === 1 && starts.length === 1 && ids[0] === starts[0];
  holds(
    one,
    'MC2',
    position,
    () => `a call of a client is ${ids.length} calls, ${starts.length} of them started with it`,
  );
}

function mailed(
  picture: Picture,
  batch: readonly HoldfastEvent[],
  { data, position }: Extract<HoldfastEvent, { type: 'ToolCallEnded' }>,
): void {
  const { client, unread, turn } = picture.agent(data.agentId);
  if (client === undefined) return;
  const goes = batch.filter((e) => e.type === 'MailConsumed' && e.data.callId === data.callId);
  if (picture.questions.ever.has(callOf(data)) || client.left.has(data.callId)) {
    holds(goes.length === 0, 'MC3', position, () => 'mail goes with a result that nobody may wait for any more');
    return;
  }
  const reaches = data.outcome !== 'cancelled';
  holds(goes.length === 0 || reaches, 'MC3', position, () => 'mail goes with a result that reaches nobody');
  const there = client.connection !== undefined && turn?.id === data.turnId;
  holds(
    !there || !reaches || unread.length === 0,
    'MC3',
    position,
    () => 'a result reaches its client without the mail',
  );
}
