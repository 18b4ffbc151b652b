/** Mail: unread in order of acceptance, or in the hands of a turn that has not been sampled since. */
import type { Reducers } from './reducers.ts';
import type { Inbox, Letter, State } from './state.ts';

const counts = (letter: Letter): boolean => letter.trigger && letter.spent === undefined;

function takeOut(draft: State, agentId: string, letter: Letter): void {
  const inbox = draft.mail.inboxes[agentId]!;
  // Mail is taken in order, so it is nearly always the first.
  const at = inbox.unread[0] === letter.mailId ? 0 : inbox.unread.indexOf(letter.mailId);
  inbox.unread.splice(at, 1);
  if (counts(letter)) inbox.triggers -= 1;
  if (inbox.unread.length === 0) delete draft.mail.inboxes[agentId];
}

function inboxOf(draft: State, agentId: string): Inbox {
  return (draft.mail.inboxes[agentId] ??= { unread: [], triggers: 0 });
}

export const mail: Reducers = {
  MailAccepted: (draft, { data, position }) => {
    const letter: Letter = {
      mailId: data.mailId,
      position,
      from: data.from,
      to: data.to,
      kind: data.kind,
      trigger: data.trigger,
      text: data.text,
    };
    if (data.fromPath !== undefined) letter.fromPath = data.fromPath;
    if (data.ofTurn !== undefined) letter.ofTurn = data.ofTurn;
    draft.mail.letters[data.mailId] = letter;
    const inbox = inboxOf(draft, data.to);
    inbox.unread.push(data.mailId);
    if (data.trigger) inbox.triggers += 1;
  },
  MailConsumed: (draft, { data }) => {
    const letter = draft.mail.letters[data.mailId]!;
    takeOut(draft, data.agentId, letter);
    letter.turnId = data.turnId;
  },
  MailReturned: (draft, { data }) => {
    const letter = draft.mail.letters[data.mailId]!;
    delete letter.turnId;
    if (letter.trigger) letter.spent = true;
    const { unread } = inboxOf(draft, data.agentId);
    let at = 0;
    while (at < unread.length && draft.mail.letters[unread[at]!]!.position < letter.position) at += 1;
    unread.splice(at, 0, data.mailId);
  },
  MailRejected: (draft, { data }) => {
    takeOut(draft, data.agentId, draft.mail.letters[data.mailId]!);
    delete draft.mail.letters[data.mailId];
  },
  /** The model has seen what its turn had taken (MA6). */
  ModelSampled: (draft, { data }) => {
    for (const mailId of draft.turns[data.turnId]!.fresh) delete draft.mail.letters[mailId];
  },
  /** SL9: dequeuing a turn that has not started spends all its unread triggers. */
  TurnDequeued: (draft, { data }) => {
    const inbox = draft.mail.inboxes[data.agentId];
    if (draft.agents[data.agentId]!.turnId !== undefined || inbox === undefined) return;
    for (const mailId of inbox.unread) {
      const letter = draft.mail.letters[mailId]!;
      if (letter.trigger) letter.spent = true;
    }
    inbox.triggers = 0;
  },
};
