/** A seat at one process of a host, for a person: to watch it, to have its keyboard, and to type. */
import type { Connection } from './connection.ts';
import type { Notice } from './keyboard.ts';
import type { Host, HostProcess, Output, Window } from './port.ts';

interface Joined {
  readonly process: HostProcess;
  readonly windows: readonly Window[];
}

export class Attached {
  /** As it was when we came. */
  readonly process: HostProcess;
  readonly #windows: Window[];
  readonly #connection: Connection;
  readonly #host: Host;
  readonly #listeners = new Set<(notice: Notice) => void>();

  private constructor(connection: Connection, host: Host, { process, windows }: Joined) {
    this.#connection = connection;
    this.#host = host;
    this.process = process;
    this.#windows = [...windows];
    connection.notices.add((processId, notice) => {
      if (processId !== process.processId) return;
      if ('window' in notice) this.#windows.push(notice.window);
      for (const listener of [...this.#listeners]) listener(notice);
    });
  }

  static async join(connection: Connection, host: Host, processId: number): Promise<Attached | undefined> {
    const joined = await connection.request<Joined | undefined>('join', [processId]);
    if (joined === undefined) connection.close();
    return joined && new Attached(connection, host, joined);
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
