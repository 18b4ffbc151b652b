/** I6, I7: mail is taken once and in order, comes back when nobody saw it, and each turn's end tells the parent once. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import type { Picture } from './picture.ts';
import { holds } from './violation.ts';

export function mail(): Checker {
  return {
    before: (picture, event) => {
      const { position } = event;
      switch (event.type) {
        case 'MailAccepted': {
          const agent = picture.agent(event.data.to);
          holds(!picture.letters.has(event.data.mailId), 'I6', position, () => 'this mail was accepted before');
          holds(agent.open, 'I6', position, () => `${agent.path} is closed`);
          return;
        }
        case 'MailConsumed': {
          const agent = picture.agent(event.data.agentId);
          holds(agent.turn?.id === event.data.turnId, 'I6', position, () => `this is not a turn of ${agent.path}`);
          holds(
            agent.unread[0]?.id === event.data.mailId,
            'I6',
            position,
            () => `${agent.path} has older unread mail, or took this before`,
          );
          return;
        }
        case 'MailReturned': {
          const { turn, path } = picture.agent(event.data.agentId);
          const fresh = turn?.fresh.some((letter) => letter.id === event.data.mailId) === true;
          holds(
            fresh && turn?.id === event.data.turnId,
            'MA6',
            position,
            () => `the turn of ${path} did not take it, or the model has seen it`,
          );
          return;
        }
        case 'HistoryCompacted': {
          const { turn, path } = picture.agent(event.data.agentId);
          const unseen = turn?.fresh.find((letter) => letter.takenAt <= event.data.upTo);
          const what = () => `${path} forgets the mail of event ${unseen?.position}, which no model has seen`;
          holds(unseen === undefined, 'TU4', position, what);
          return;
        }
        case 'MailRejected': {
          const { unread, path } = picture.agent(event.data.agentId);
          holds(
            unread.some((letter) => letter.id === event.data.mailId),
            'I6',
            position,
            () => `it is not unread by ${path}`,
          );
          return;
        }
        case 'TurnCompleted':
        case 'TurnFailed':
        case 'TurnInterrupted': {
          const { turn, path } = picture.agent(event.data.agentId);
          holds(turn?.fresh.length === 0, 'MA6', position, () => `${path} ends with mail that no model has seen`);
          return;
        }
        default:
      }
    },
    after: (picture, batch) => {
      for (const event of batch) {
        if (event.type === 'AgentClosed') {
          const { unread, path } = picture.agent(event.data.agentId);
          holds(unread.length === 0, 'I6', picture.position, () => `${path} is closed with unread mail`);
        } else ends(picture, batch, event);
        takesAll(picture, event);
      }
    },
  };
}

/** MA3: at its start and before each further sampling a turn takes all there is. */
function takesAll(picture: Picture, event: HoldfastEvent): void {
  if (event.type !== 'TurnStarted' && event.type !== 'TurnUnparked' && event.type !== 'ToolCallEnded') return;
  const turn = picture.turns.get(event.data.turnId);
  if (turn === undefined || !turn.sampling || turn.parked) return;
  holds(
    turn.agent.unread.length === 0,
    'MA3',
    picture.position,
    () => `${turn.agent.path} asks its model and leaves mail unread`,
  );
}

function ends(picture: Picture, batch: readonly HoldfastEvent[], event: HoldfastEvent): void {
  if (event.type !== 'TurnCompleted' && event.type !== 'TurnFailed' && event.type !== 'TurnInterrupted') return;
  const { parent, path } = picture.agent(event.data.agentId);
  const told = batch.filter((e) => e.type === 'MailAccepted' && e.data.ofTurn === event.data.turnId);
  const expected = parent === undefined || event.type === 'TurnInterrupted' ? 0 : 1;
  holds(
    told.length === expected,
    'I7',
    event.position,
    () => `${told.length} completions for the parent of ${path}, not ${expected}`,
  );
  const [completion] = told;
  if (completion?.type !== 'MailAccepted') return;
  const { kind, to, from } = completion.data;
  holds(
    kind === 'completion' && to === parent?.id && from === event.data.agentId,
    'I7',
    completion.position,
    () => 'not a completion from the child to its parent',
  );
}
