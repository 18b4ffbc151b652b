/** Every kind of event there is, by its name; decoding goes through this table. */
import * as agent from './agent.ts';
import * as approval from './approval.ts';
import * as cell from './cell.ts';
import * as client from './client.ts';
import type { Envelope, Fact } from './envelope.ts';
import type { FactDef } from './fact.ts';
import * as fleet from './fleet.ts';
import * as identity from './identity.ts';
import * as mail from './mail.ts';
import * as process from './process.ts';
import * as slot from './slot.ts';
import * as source from './source.ts';
import * as store from './store.ts';
import * as task from './task.ts';
import * as turn from './turn.ts';
import * as workspace from './workspace.ts';

const rooms = {
  ...fleet,
  ...agent,
  ...client,
  ...slot,
  ...mail,
  ...turn,
  ...approval,
  ...workspace,
  ...identity,
  ...task,
  ...process,
  ...cell,
  ...store,
  ...source,
};
type Rooms = typeof rooms;
type DefOf<T> = T extends FactDef<infer Type, infer Data> ? FactDef<Type, Data> : never;

export type EventType = { [K in keyof Rooms]: DefOf<Rooms[K]> extends never ? never : K }[keyof Rooms];
export type Catalogue = { readonly [K in EventType]: DefOf<Rooms[K]> };
export type DataOf<K extends EventType> = Catalogue[K] extends FactDef<any, infer Data> ? Data : never;
export type EventOf<K extends EventType> = Envelope<K, DataOf<K>>;
export type HoldfastFact = { [K in EventType]: Fact<K, DataOf<K>> }[EventType];
export type HoldfastEvent = { [K in EventType]: EventOf<K> }[EventType];

const isDef = (value: unknown): value is FactDef<string, unknown> =>
  typeof value === 'function' && 'endsStream' in value;

/** Without a prototype: a type is looked up for every event that is read, and `constructor` is none. */
export const catalogue: Catalogue = Object.assign(
  Object.create(null),
  Object.fromEntries(Object.entries(rooms).filter(([, def]) => isDef(def))),
);

export const eventTypes = Object.keys(catalogue) as readonly EventType[];

export const definition = (type: string): FactDef<string, any> | undefined =>
  catalogue[type as EventType] as unknown as FactDef<string, any> | undefined;

/** Agents that an event is about: the index of the log answers "everything about this agent" from it. */
export function agentsOf(event: Fact): string[] {
  const data = event.data as { agentId?: string; to?: string; from?: string };
  const ids: string[] = [];
  if (data.agentId !== undefined) ids.push(data.agentId);
  if (data.to !== undefined && event.type === 'MailAccepted') ids.push(data.to);
  if (data.from !== undefined && data.from !== 'operator' && data.from !== 'engine') ids.push(data.from);
  return ids;
}
