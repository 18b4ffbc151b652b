/** Facts about mail: accepted once, then consumed by exactly one turn of its receiver, or rejected. */
import * as t from 'io-ts';
import { aggregate, fact, shape, Text } from './fact.ts';
import { AgentId, CallId, Correspondent, MailId, ProcessId, TurnId } from './ids.ts';

export const MailKind = t.keyof(
  { spawn: null, message: null, followup: null, completion: null, operator: null, notice: null },
  'MailKind',
);
export type MailKind = t.TypeOf<typeof MailKind>;

export const MailAccepted = fact(
  'MailAccepted',
  aggregate('mail', (d: { to: string }) => d.to),
  shape(
    { mailId: MailId, from: Correspondent, to: AgentId, kind: MailKind, trigger: t.boolean, text: Text },
    /** fromPath: the sender's path as it was, for people and models; ofProcess: the one whose end it tells. */
    { ofTurn: TurnId, fromPath: t.string, ofProcess: ProcessId },
  ),
);

const inbox = aggregate('mail', (d: { agentId: string }) => d.agentId);

export const MailConsumed = fact(
  'MailConsumed',
  inbox,
  /** callId: a client is given it with the result of this call. */
  shape({ mailId: MailId, agentId: AgentId, turnId: TurnId }, { callId: CallId }),
);

export const MailReturned = fact('MailReturned', inbox, t.type({ mailId: MailId, agentId: AgentId, turnId: TurnId }));

export const MailRejected = fact('MailRejected', inbox, t.type({ mailId: MailId, agentId: AgentId, reason: t.string }));
