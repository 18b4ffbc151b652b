/** People at the terminals of children: who sits there, who of them has the keyboard, and what is typed. */
import type { Child } from './child.ts';
import { type Children, inputFull, kept } from './children.ts';
import type { Seat } from './keyboard.ts';
import type { HostProcess, Typed, Window } from './port.ts';
import { keepStart } from './records.ts';

/** Keys that end what somebody types for a program to read: return, line feed, ^C, ^D. */
const LINE_ENDS: readonly number[] = [13, 10, 3, 4];
/** Waits for more keys, so that a line is one fact and not one for each key. */
const TYPED_MS = 1_000;

export class Visitors {
  readonly #children: Children;
  readonly #logDir: string;
  readonly #onTyped: (processId: number, typed: Typed) => void;
  /** Typing that engines have not been told of. */
  readonly #telling = new Map<Child, NodeJS.Timeout>();

  constructor(children: Children, logDir: string, onTyped: (processId: number, typed: Typed) => void) {
    this.#children = children;
    this.#logDir = logDir;
    this.#onTyped = onTyped;
  }

  /** Somebody sits down at a process, to watch and perhaps to type. Undefined: it is not here. */
  join(processId: number, seat: Seat): { process: HostProcess; windows: readonly Window[] } | undefined {
    const child = this.#children.get(processId);
    child?.keyboard.join(seat);
    return child && { process: child.view(), windows: child.windows };
  }

  leave(processId: number, seat: Seat): void {
    this.#children.get(processId)?.keyboard.leave(seat);
  }

  /** True when the keyboard is theirs. */
  keyboard(processId: number, seat: Seat, how: 'ask' | 'take' | 'give'): boolean {
    const { keyboard, running } = this.#children.live(processId) ?? {};
    if (how === 'give') keyboard?.give(seat);
    return how !== 'give' && running?.write !== undefined && keyboard!.take(seat, how === 'take');
  }

  /** The window of whoever has the keyboard is the size of the terminal. */
  window(processId: number, seat: Seat, cols: number, rows: number): boolean {
    const mine = this.#children.live(processId)?.keyboard.isHeldBy(seat) === true;
    if (mine) this.#children.resize(processId, cols, rows);
    return mine;
  }

  /** By an operator, who must have the keyboard. What is typed is kept before it can have an effect. */
  type(processId: number, seat: Seat, bytes: Uint8Array): 'written' | 'held' | 'ended' {
    const child = this.#children.live(processId);
    if (child?.running?.write === undefined) return 'ended';
    if (!child.keyboard.isHeldBy(seat)) return 'held';
    if (!child.running.hasRoom!(bytes.length)) throw inputFull(processId);
    child.typing.add(bytes);
    kept(() => keepStart(this.#logDir, child.record()));
    child.running.write(bytes);
    this.#tellTyped(
      child,
      bytes.some((byte) => LINE_ENDS.includes(byte)),
    );
    return 'written';
  }

  /** A line at a time, or what has come together in a while. */
  #tellTyped(child: Child, now: boolean): void {
    const tell = () => {
      clearTimeout(this.#telling.get(child));
      this.#telling.delete(child);
      if (child.live && child.typed) this.#onTyped(child.processId, child.typed);
    };
    if (now) tell();
    else if (!this.#telling.has(child)) this.#telling.set(child, setTimeout(tell, TYPED_MS));
  }
}
