/** The terminal of a process of the world, as people come to it, and what its host keeps of that on disk. */
import { Keyboard } from '../host/keyboard.ts';
import type { HostProcess, Typed, Window } from '../host/port.ts';
import { Typing } from '../host/typing.ts';
import type { Visited } from '../host/visitors.ts';
import { withWindow } from '../host/windows.ts';
import type { WorldProcess } from './processes.ts';

/** Of a terminal that was asked for without a size. */
const usual = { cols: 80, rows: 24 } as const;

export const saltOf = (processId: number): string => `salt ${processId}`;

interface Kept {
  readonly typed: Typed | undefined;
  readonly window: Window | undefined;
}

export class WorldTerminal implements Visited {
  readonly processId: number;
  readonly keyboard = new Keyboard();
  readonly typing: Typing;
  windows: readonly Window[] = [];
  /** On disk. */
  kept: Kept = { typed: undefined, window: undefined };
  readonly #process: WorldProcess;
  /** People have typed: how it reaches the process. */
  readonly #reach: (bytes: Uint8Array) => void;

  constructor(process: WorldProcess, reach: (bytes: Uint8Array) => void) {
    const { processId, tty, cols = usual.cols, rows = usual.rows } = process.request;
    this.processId = processId;
    this.typing = new Typing(saltOf(processId));
    this.#process = process;
    this.#reach = reach;
    if (tty) this.resized(cols, rows);
    this.keep();
  }

  get live(): boolean {
    return this.#process.alive;
  }

  get typed(): Typed | undefined {
    return this.typing.sum;
  }

  get running(): Visited['running'] {
    if (!this.#process.request.tty) return {};
    return {
      hasRoom: () => !this.#process.full,
      write: (bytes) => {
        this.#reach(bytes);
        return true;
      },
    };
  }

  resized(cols: number, rows: number): void {
    const window = { at: this.#process.size, cols, rows };
    this.windows = withWindow(this.windows, window);
    this.keyboard.resized(window);
  }

  keep(): void {
    this.kept = { typed: this.typed, window: this.windows.at(-1) };
  }

  view(): HostProcess {
    const { request, started, size, exit } = this.#process;
    const { typed } = this;
    return {
      ...{ processId: this.processId, requestId: request.requestId, started, size },
      ...{ tty: request.tty, command: request.argv },
      ...(exit && { exit }),
      ...(typed && { typed }),
    };
  }
}
