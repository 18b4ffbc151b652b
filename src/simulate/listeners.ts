/** Who listens for what a host of the world tells on its own, by connection. */
import type { WorldConnection } from './connection.ts';

type Listener<T> = (processId: number, told: T) => void;

export class Listeners<T> {
  readonly #all = new Map<WorldConnection, Set<Listener<T>>>();

  /** Returns the way to stop listening. */
  add(connection: WorldConnection, listener: Listener<T>): () => void {
    const here = this.#all.get(connection) ?? new Set();
    this.#all.set(connection, here.add(listener));
    return () => here.delete(listener);
  }

  tell(connection: WorldConnection, processId: number, told: T): void {
    for (const listener of this.#all.get(connection) ?? []) listener(processId, told);
  }
}
