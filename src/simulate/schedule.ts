/**
 * Everything that is still to come in the world: completions that cross a port, and timers. The seed decides which of
 * those that are due comes next; when none is due, time jumps to the first that will be.
 */
import type { Random } from './random.ts';

/** Who waits for it: a life of the engine (its number), or the outside, which outlives the engine. */
export type Owner = number | 'outside';

export interface Task {
  /** Virtual ms since 1970. */
  readonly at: number;
  readonly owner: Owner;
  /** For people who read how a failure came about. */
  readonly what: string;
  readonly run: () => void;
}

export class Schedule {
  now: number;
  /** Grows with everything that is added: somebody was active. */
  added = 0;
  readonly #random: Random;
  #tasks: Task[] = [];

  constructor(start: number, random: Random) {
    this.now = start;
    this.#random = random;
  }

  get size(): number {
    return this.#tasks.length;
  }

  /** Returns what takes it away again. */
  add(what: string, afterMs: number, owner: Owner, run: () => void): () => void {
    const task = { at: this.now + Math.max(0, afterMs), owner, what, run };
    this.#tasks.push(task);
    this.added += 1;
    return () => {
      const at = this.#tasks.indexOf(task);
      if (at >= 0) this.#tasks.splice(at, 1);
    };
  }

  /** Whoever waited for these is gone. */
  drop(owner: Owner): void {
    this.#tasks = this.#tasks.filter((task) => task.owner !== owner);
  }

  /** One step of the world; undefined when nothing is to come any more. */
  next(): Task | undefined {
    const tasks = this.#tasks;
    if (tasks.length === 0) return undefined;
    let due = 0;
    let first = Number.POSITIVE_INFINITY;
    for (const { at } of tasks) {
      if (at <= this.now) due += 1;
      if (at < first) first = at;
    }
    if (due === 0) {
      this.now = first;
      for (const { at } of tasks) if (at <= first) due += 1;
    }
    let which = this.#random.below(due);
    const index = tasks.findIndex((task) => {
      if (task.at > this.now) return false;
      which -= 1;
      return which < 0;
    });
    return tasks.splice(index, 1)[0]!;
  }
}
