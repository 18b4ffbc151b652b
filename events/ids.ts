/** Branded ids: UUIDv7 texts that the type system keeps apart, and the process counter. */
import * as t from 'io-ts';

export interface AgentIdBrand {
  readonly AgentId: unique symbol;
}
export interface TurnIdBrand {
  readonly TurnId: unique symbol;
}
export interface MailIdBrand {
  readonly MailId: unique symbol;
}
export interface ReservationIdBrand {
  readonly ReservationId: unique symbol;
}
export interface QueueIdBrand {
  readonly QueueId: unique symbol;
}

/** UUIDs are 36 characters; logs imported from other tools bring their own ids of any shape. */
const isId = (text: string): boolean => text.length > 0 && text.length <= 200;

export const AgentId = t.brand(t.string, (s): s is t.Branded<string, AgentIdBrand> => isId(s), 'AgentId');
export type AgentId = t.TypeOf<typeof AgentId>;
export const TurnId = t.brand(t.string, (s): s is t.Branded<string, TurnIdBrand> => isId(s), 'TurnId');
export type TurnId = t.TypeOf<typeof TurnId>;
export const MailId = t.brand(t.string, (s): s is t.Branded<string, MailIdBrand> => isId(s), 'MailId');
export type MailId = t.TypeOf<typeof MailId>;
export const ReservationId = t.brand(
  t.string,
  (s): s is t.Branded<string, ReservationIdBrand> => isId(s),
  'ReservationId',
);
export type ReservationId = t.TypeOf<typeof ReservationId>;
export const QueueId = t.brand(t.string, (s): s is t.Branded<string, QueueIdBrand> => isId(s), 'QueueId');
export type QueueId = t.TypeOf<typeof QueueId>;

/** Unique per turn; chosen by the model. */
export const CallId = t.string;
/** Integer counting up from 1000 per fleet. */
export const ProcessId = t.number;

/** Who receives or sends mail besides agents. */
export const Correspondent = t.union([AgentId, t.literal('operator'), t.literal('engine')], 'Correspondent');
