/**
 * PR12: one person at a time types at a terminal, each key reaches its process once and in order and is in the log in the
 * end, and the newest size that was acknowledged holds. Told by what a host hears and by what people are told.
 */
import { createHash } from 'node:crypto';
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Seat } from '../../host/keyboard.ts';
import type { Window } from '../../host/port.ts';
import type { Visiting } from '../../host/visitors.ts';
import type { WorldTerminal } from '../terminal.ts';
import type { Checker } from './checker.ts';
import { holds } from './violation.ts';

interface Terminal {
  /** Who has the keyboard. */
  holder: Seat | undefined;
  cols: number;
  rows: number;
  /** Bytes that people typed and that have reached the process. */
  reached: number;
  /** Of those, what hosts have acknowledged. */
  acknowledged: number;
  /** Of those, what the log has. */
  recorded: number;
  /** Hash of all that was typed, by its length. */
  readonly hashes: Map<number, string>;
  readonly hash: ReturnType<typeof createHash>;
}

/** A process as the world knows it. */
interface Process {
  readonly open: boolean;
  readonly salt: string;
  readonly window: Window | undefined;
}

export interface KeyboardWorld {
  readonly process: (processId: number) => Process;
  readonly position: () => number;
  readonly judge: (check: () => void) => void;
}

export class KeyboardChecker implements Checker {
  readonly #world: KeyboardWorld;
  readonly #terminals = new Map<number, Terminal>();
  /** Bytes that are typed at this moment, until they have reached their process. */
  #typing: Uint8Array | undefined;

  constructor(world: KeyboardWorld) {
    this.#world = world;
  }

  #at(processId: number): Terminal {
    let terminal = this.#terminals.get(processId);
    if (terminal === undefined) {
      const { salt, window } = this.#world.process(processId);
      terminal = {
        ...{ holder: undefined, cols: window?.cols ?? 0, rows: window?.rows ?? 0 },
        ...{ reached: 0, acknowledged: 0, recorded: 0 },
        ...{ hashes: new Map(), hash: createHash('sha256').update(salt) },
      };
      this.#terminals.set(processId, terminal);
    }
    return terminal;
  }

  #holds(condition: boolean, text: () => string): void {
    const { judge, position } = this.#world;
    if (!condition) judge(() => holds(false, 'PR12', position(), text));
  }

  /** What people ask of a host, held against one keyboard for each terminal. */
  watching(visitors: Visiting): Visiting {
    return {
      join: (processId, seat) => {
        const joined = visitors.join(processId, seat);
        if (joined?.process.tty === true) this.#sized(processId, joined.windows.at(-1), 'who sits down');
        return joined;
      },
      leave: (processId, seat) => {
        visitors.leave(processId, seat);
        const terminal = this.#at(processId);
        if (terminal.holder === seat) terminal.holder = undefined;
      },
      keyboard: (processId, seat, how) => {
        const { open } = this.#world.process(processId);
        const terminal = this.#at(processId);
        const free = terminal.holder === undefined || terminal.holder === seat;
        const given = visitors.keyboard(processId, seat, how);
        const expected = how !== 'give' && open && (how === 'take' || free);
        const says = () => `whoever would ${how} the keyboard of process ${processId} is told ${given}`;
        this.#holds(given === expected, says);
        if (expected) terminal.holder = seat;
        else if (how === 'give' && open && terminal.holder === seat) terminal.holder = undefined;
        return given;
      },
      window: (processId, seat, cols, rows) => {
        const { open } = this.#world.process(processId);
        const terminal = this.#at(processId);
        const mine = open && terminal.holder === seat;
        const done = visitors.window(processId, seat, cols, rows);
        this.#holds(
          done === mine,
          () => `process ${processId} gets a size, ${done}, from one who has its keyboard, ${mine}`,
        );
        if (mine) [terminal.cols, terminal.rows] = [cols, rows];
        return done;
      },
      type: (processId, seat, bytes) => {
        const { open } = this.#world.process(processId);
        const mine = this.#at(processId).holder === seat;
        this.#typing = bytes;
        let done: ReturnType<Visiting['type']> | undefined;
        try {
          done = visitors.type(processId, seat, bytes);
          const expected = open ? (mine ? 'written' : 'held') : 'ended';
          this.#holds(done === expected, () => `typing at process ${processId} is ${done}, not ${expected}`);
        } finally {
          const reached = this.#typing === undefined;
          this.#typing = undefined;
          this.#holds(
            reached === (done === 'written'),
            () => `what is ${done} has reached process ${processId}: ${reached}`,
          );
        }
        return done;
      },
    };
  }

  /** What somebody has typed comes to a process. */
  reached(processId: number, bytes: Uint8Array): void {
    const once = this.#typing !== undefined && Buffer.compare(this.#typing, bytes) === 0;
    this.#holds(once, () => `process ${processId} reads what nobody has just typed: ${Buffer.from(bytes)}`);
    this.#typing = undefined;
    const terminal = this.#at(processId);
    terminal.reached += bytes.length;
    terminal.hash.update(bytes);
    terminal.hashes.set(terminal.reached, terminal.hash.copy().digest('hex'));
  }

  acknowledged(processId: number, bytes: number): void {
    this.#at(processId).acknowledged += bytes;
  }

  /** What a host that has died has left on disk of a terminal. */
  left({ processId, kept }: WorldTerminal): void {
    this.#sized(processId, kept.window, 'the disk');
  }

  #sized(processId: number, window: Window | undefined, whom: string): void {
    const { cols, rows } = this.#at(processId);
    const so = window?.cols === cols && window.rows === rows;
    const says = () => `to ${whom} process ${processId} has ${window?.cols} × ${window?.rows}, not ${cols} × ${rows}`;
    this.#holds(so, says);
  }

  /** At rest somebody still sits at a terminal, and this is what they see. */
  seen(
    processId: number,
    keyboard: 'yours' | 'held' | 'free' | undefined,
    size: { readonly cols: number; readonly rows: number },
    window: Window | undefined,
  ): void {
    if (!this.#world.process(processId).open) return;
    const terminal = this.#at(processId);
    this.#sized(processId, window, 'who sits there');
    const held = terminal.holder !== undefined;
    const so = keyboard === undefined || (keyboard !== 'free') === held;
    this.#holds(so, () => `who sits at process ${processId} believes its keyboard to be ${keyboard}`);
    if (keyboard === 'yours') this.#sized(processId, { at: 0, ...size }, 'its user');
  }

  readonly before: NonNullable<Checker['before']> = (_picture, event: HoldfastEvent) => {
    if (event.type !== 'ProcessWritten' || event.data.writtenBy !== 'operator') return;
    const { processId, bytes, hash } = event.data;
    const terminal = this.#at(processId);
    terminal.recorded += bytes;
    const typed = terminal.hashes.get(terminal.recorded);
    const says = () => `the log says that process ${processId} was typed ${terminal.recorded} bytes, which are others`;
    holds(typed === hash, 'PR12', event.position, says);
  };

  /** When all is over. */
  told(): void {
    for (const [processId, { acknowledged, recorded }] of this.#terminals) {
      const says = () => `process ${processId}: ${acknowledged} bytes were acknowledged, ${recorded} are in the log`;
      holds(acknowledged <= recorded, 'PR12', this.#world.position(), says);
    }
  }
}
