/** A seat at one process of a host, for a person: to watch it, to have its keyboard, and to type. */
import type { Notice } from './keyboard.ts';
import type { Host, HostProcess, Output, Window } from './port.ts';

interface Joined {
  readonly process: HostProcess;
  readonly windows: readonly Window[];
}

/** A connection to a host, as a seat needs it. */
export interface Line {
  readonly notices: Set<(processId: number, notice: Notice) => void>;
  readonly losses: Set<() => void>;
  request<T>(op: string, args: readonly unknown[], bytes?: Uint8Array): Promise<T>;
  close(): void;
}

export class Attached {
  /** As it was when we came. */
  process!: HostProcess;
  readonly #windows: Window[] = [];
  readonly #connection: Line;
  readonly #host: Pick<Host, 'read' | 'wait'>;
  readonly #listeners = new Set<(notice: Notice) => void>();

  private constructor(connection: Line, host: Pick<Host, 'read' | 'wait'>, processId: number) {
    this.#connection = connection;
    this.#host = host;
    connection.notices.add((at, notice) => {
      if (at !== processId) return;
      if ('window' in notice) this.#windows.push(notice.window);
      for (const listener of [...this.#listeners]) listener(notice);
    });
  }

  static async join(
    connection: Line,
    host: Pick<Host, 'read' | 'wait'>,
    processId: number,
  ): Promise<Attached | undefined> {
    // It listens before it asks: a notice may come in the same piece as the answer.
    const at = new Attached(connection, host, processId);
    const joined = await connection.request<Joined | undefined>('join', [processId]);
    if (joined === undefined) {
      connection.close();
      return undefined;
    }
    at.process = joined.process;
    at.#windows.unshift(...joined.windows);
    return at;
  }

  /** Sizes of the terminal so far, in order. */
  get windows(): readonly Window[] {
    return this.#windows;
  }

  /** Where the keyboard is, and new sizes, from now on. */
  onNotice(listener: (notice: Notice) => void): void {
    this.#listeners.add(listener);
  }

  onLost(listener: () => void): void {
    this.#connection.losses.add(listener);
  }

  read(from: number, bytesMax: number): Promise<Output | undefined> {
    return this.#host.read(this.process.processId, from, bytesMax);
  }

  /** Resolves when there is more output than `size`, and at the end. */
  more(size: number, signal: AbortSignal) {
    return this.#host.wait(this.process.processId, Number.MAX_SAFE_INTEGER, signal, size);
  }

  /** `ask`: if it is free; `take`: away from whoever has it; `give`: back. True when it is ours now. */
  keyboard(how: 'ask' | 'take' | 'give'): Promise<boolean> {
    return this.#connection.request('keyboard', [this.process.processId, how]);
  }

  /** `held`: the keyboard is not ours. Fails with HOLDFAST_HOST_INPUT_FULL when the process does not read. */
  type(bytes: Uint8Array): Promise<'written' | 'held' | 'ended'> {
    return this.#connection.request('type', [this.process.processId], bytes);
  }

  /** Of whoever has the keyboard; false: that is not us. */
  resize(cols: number, rows: number): Promise<boolean> {
    return this.#connection.request('window', [this.process.processId, cols, rows]);
  }

  leave(): void {
    this.#connection.close();
  }
}
