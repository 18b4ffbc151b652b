/** The way to the process host: met when the engine starts, started when the first command needs it, replaced when lost. */
import { Failure } from '../failure.ts';
import type { Exit, Host, Output, Started, Typed } from '../host/port.ts';

/** What a process that its host does not answer for left behind. */
export interface Remains {
  /** It is certain that no host was ever asked to start it. */
  readonly unasked?: true;
  readonly started?: Started;
  readonly launchFailed?: string;
  readonly exit?: Exit;
  readonly typed?: Typed;
}

export interface Orphan {
  readonly processId: number;
  readonly hostId: string;
  readonly pid?: number;
  readonly group?: number;
  readonly startTime?: number;
  readonly bootId?: string;
}

/** Where hosts come from, and what is known without one. */
export interface HostDoor {
  /** A host of this log that is alive. */
  connect(): Promise<Host | undefined>;
  launch(hostId: string): Promise<Host>;
  /** Output on disk; undefined if there is none. */
  readSpool(processId: number, from: number, maxBytes: number): Output | undefined;
  remains(processId: number): Remains;
  /** Ends what is certainly a child of a dead host, its whole group. */
  endOrphan(orphan: Orphan, graceMs: number): Promise<{ readonly wasAlive: boolean }>;
}

export class HostGate {
  readonly door: HostDoor;
  readonly #newId: () => string;
  readonly #lost: (hostId: string) => void;
  readonly #exited: HostEvents['exited'];
  readonly #typed: HostEvents['typed'];
  #hostId: string;
  #host: Promise<Host> | undefined;
  #closed = false;

  private constructor(door: HostDoor, newId: () => string, hostId: string, on: HostEvents) {
    this.door = door;
    this.#newId = newId;
    this.#hostId = hostId;
    this.#lost = on.lost;
    this.#exited = on.exited;
    this.#typed = on.typed;
  }

  /** `unserved`: the host that the log expects, if none is alive. */
  static async meet(
    door: HostDoor,
    newId: () => string,
    on: HostEvents,
    unserved: () => Promise<string | undefined> = async () => undefined,
  ): Promise<HostGate> {
    const alive = await door.connect();
    const gate = new HostGate(door, newId, alive?.hostId ?? (await unserved()) ?? newId(), on);
    if (alive !== undefined) gate.#adopt(alive);
    return gate;
  }

  /** The host that would own a process started now. */
  get hostId(): string {
    return this.#hostId;
  }

  /** We have let go of the host: that a request is lost says nothing about what it asked for. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The host if there is one; never starts one. */
  get current(): Promise<Host> | undefined {
    return this.#host;
  }

  /** The host of this id, started if need be; undefined when that host is gone for good. */
  async of(hostId: string): Promise<Host | undefined> {
    if (hostId !== this.#hostId) return undefined;
    if (this.#host === undefined) {
      if (this.#closed)
        throw new Failure('HOLDFAST_HOST_FAILED', 'the engine is stopping: no process host is started any more');
      const launched = this.door.launch(hostId).then((host) => this.#listen(host));
      this.#host = launched;
      launched.catch(() => {
        if (this.#host === launched) this.#host = undefined;
      });
    }
    return this.#host;
  }

  #adopt(host: Host): void {
    this.#host = Promise.resolve(this.#listen(host));
  }

  #listen(host: Host): Host {
    host.onExit(this.#exited);
    host.onTyped(this.#typed);
    host.onLost(() => {
      if (this.#closed) return;
      this.#host = undefined;
      this.#hostId = this.#newId();
      this.#lost(host.hostId);
    });
    return host;
  }

  /** Lets go; `end`: the host ends too if it has no child. */
  async close(end: boolean): Promise<void> {
    this.#closed = true;
    const host = await this.#host?.catch(() => undefined);
    if (host === undefined) return;
    // A host that is lost by now has ended as well.
    if (end) await host.endIfEmpty().catch(() => {});
    host.disconnect();
  }
}

export interface HostEvents {
  readonly lost: (hostId: string) => void;
  readonly exited: (processId: number, exit: Exit) => void;
  readonly typed: (processId: number, typed: Typed) => void;
}
