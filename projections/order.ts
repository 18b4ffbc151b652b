/**
 * A first-in-first-out order of ids with O(1) append, removal from the middle and look at the front: links by id in a
 * plain object, so that it works inside an immer draft, has one JSON form, and costs the same at any length.
 */
import { table } from './table.ts';

export interface Link {
  prev?: string;
  next?: string;
}

export interface Order {
  first?: string;
  last?: string;
  size: number;
  links: Record<string, Link>;
}

export const emptyOrder = (): Order => ({ size: 0, links: table() });

export const isIn = (order: Order, id: string): boolean => order.links[id] !== undefined;

export function append(order: Order, id: string): void {
  const last = order.last;
  order.links[id] = last === undefined ? {} : { prev: last };
  if (last === undefined) order.first = id;
  else order.links[last]!.next = id;
  order.last = id;
  order.size += 1;
}

/** Nothing happens when the id is not in it. */
export function remove(order: Order, id: string): void {
  const link = order.links[id];
  if (link === undefined) return;
  const { prev, next } = link;
  if (prev === undefined) setOrDrop(order, 'first', next);
  else setOrDrop(order.links[prev]!, 'next', next);
  if (next === undefined) setOrDrop(order, 'last', prev);
  else setOrDrop(order.links[next]!, 'prev', prev);
  delete order.links[id];
  order.size -= 1;
}

export function* inOrder(order: Order): Iterable<string> {
  for (let id = order.first; id !== undefined; id = order.links[id]?.next) yield id;
}

function setOrDrop<K extends string>(target: { [P in K]?: string }, key: K, value: string | undefined): void {
  if (value === undefined) delete target[key];
  else (target as Record<string, string>)[key] = value;
}
