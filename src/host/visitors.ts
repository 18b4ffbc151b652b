/** People at the terminals of children: who sits there, who of them has the keyboard, and what is typed. */
import type { Keyboard, Seat } from './keyboard.ts';
import type { HostProcess, Typed, Window } from './port.ts';
import { inputFull, type Running } from './running.ts';
import type { Typing } from './typing.ts';

/** Keys that end what somebody types for a program to read: return, line feed, ^C, ^D. */
const LINE_ENDS: readonly number[] = [13, 10, 3, 4];
/** Waits for more keys, so that a line is one fact and not one for each key. */
const TYPED_MS = 1_000;

/** A child of this host, as people come to it. */
export interface Visited {
  readonly processId: number;
  /** Being started or running here. */
  readonly live: boolean;
  readonly keyboard: Keyboard;
  readonly typing: Typing;
  readonly typed: Typed | undefined;
  readonly windows: readonly Window[];
  readonly running: Pick<Running, 'write' | 'hasRoom'> | undefined;
  view(): HostProcess;
  /** What is known of it is on disk, for the next host. */
  keep(): void;
}

/** The children of a host. */
export interface Terminals {
  get(processId: number): Visited | undefined;
  live(processId: number): Visited | undefined;
  resize(processId: number, cols: number, rows: number): void;
}

/** What people can do, each from a seat of their own. */
export type Visiting = Pick<Visitors, 'join' | 'leave' | 'keyboard' | 'window' | 'type'>;

/** Calls back after a while, unless it is told not to. */
type Later = (ms: number, run: () => void) => () => void;

const onTimer: Later = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

export class Visitors {
  readonly #terminals: Terminals;
  readonly #onTyped: (processId: number, typed: Typed) => void;
  readonly #later: Later;
  /** Typing that engines have not been told of. */
  readonly #telling = new Map<Visited, () => void>();

  constructor(terminals: Terminals, onTyped: (processId: number, typed: Typed) => void, later = onTimer) {
    this.#terminals = terminals;
    this.#onTyped = onTyped;
    this.#later = later;
  }

  /** Somebody sits down at a process, to watch and perhaps to type. Undefined: it is not here. */
  join(processId: number, seat: Seat): { process: HostProcess; windows: readonly Window[] } | undefined {
    const child = this.#terminals.get(processId);
    child?.keyboard.join(seat);
    return child && { process: child.view(), windows: child.windows };
  }

  leave(processId: number, seat: Seat): void {
    this.#terminals.get(processId)?.keyboard.leave(seat);
  }

  /** True when the keyboard is theirs. */
  keyboard(processId: number, seat: Seat, how: 'ask' | 'take' | 'give'): boolean {
    const { keyboard, running } = this.#terminals.live(processId) ?? {};
    if (how === 'give') keyboard?.give(seat);
    return how !== 'give' && running?.write !== undefined && keyboard!.take(seat, how === 'take');
  }

  /** The window of whoever has the keyboard is the size of the terminal. */
  window(processId: number, seat: Seat, cols: number, rows: number): boolean {
    const child = this.#terminals.live(processId);
    if (child?.keyboard.isHeldBy(seat) !== true) return false;
    this.#terminals.resize(processId, cols, rows);
    child.keep();
    return true;
  }

  /** By an operator, who must have the keyboard. What is typed is kept before it can have an effect. */
  type(processId: number, seat: Seat, bytes: Uint8Array): 'written' | 'held' | 'ended' {
    const child = this.#terminals.live(processId);
    if (child?.running?.write === undefined) return 'ended';
    if (!child.keyboard.isHeldBy(seat)) return 'held';
    if (!child.running.hasRoom!(bytes.length)) throw inputFull(processId);
    child.typing.add(bytes);
    child.keep();
    child.running.write(bytes);
    this.#tellTyped(
      child,
      bytes.some((byte) => LINE_ENDS.includes(byte)),
    );
    return 'written';
  }

  /** A line at a time, or what has come together in a while. */
  #tellTyped(child: Visited, now: boolean): void {
    const tell = () => {
      this.#telling.get(child)?.();
      this.#telling.delete(child);
      if (child.live && child.typed) this.#onTyped(child.processId, child.typed);
    };
    if (now) tell();
    else if (!this.#telling.has(child)) this.#telling.set(child, this.#later(TYPED_MS, tell));
  }
}
