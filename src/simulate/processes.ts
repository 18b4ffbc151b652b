/** Processes of the world: they exit, run on, flood, wait for input, or cannot be launched; they live on when their host dies. */
import type { Exit, Output, Started, StartRequest } from '../host/port.ts';
import type { Course } from './own.ts';
import { mix, Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import { WorldTerminal } from './terminal.ts';

export const bootId = 'the boot of the world';

/** Input that a program which never reads leaves room for, in bytes. */
const unreadMax = 12;

/** Output of all processes is the same byte over and over. */
const page = Buffer.alloc(4096, 'x');

export class WorldProcess {
  readonly request: StartRequest;
  readonly hostId: string;
  readonly started: Started;
  alive = true;
  /** Recorded by its host. */
  exit: Exit | undefined;
  size: number;
  /** Its output is not on the disk any more. */
  forgotten = false;
  readonly terminal: WorldTerminal;
  /** What it has written, of a command of somebody's own. */
  #content: Buffer | undefined;
  /** Writes of agents that have reached it. */
  inputs = 0;
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #ended: (process: WorldProcess) => void;

  constructor(
    request: StartRequest,
    world: {
      readonly seed: number;
      readonly schedule: Schedule;
      readonly hostId: string;
      readonly ended: (process: WorldProcess) => void;
      readonly course: Course | undefined;
      /** What people type is there. */
      readonly typed: (processId: number, bytes: Uint8Array) => void;
    },
  ) {
    const { processId, requestId } = request;
    this.request = request;
    this.hostId = world.hostId;
    this.#schedule = world.schedule;
    this.#ended = world.ended;
    this.#random = new Random(mix(world.seed, 'process', processId));
    const pid = 100_000 + processId;
    this.started = { processId, requestId, pid, group: pid, startTime: this.#random.below(1e6), bootId };
    const { course } = world;
    if (course === undefined) {
      this.size = this.#random.below(200);
      this.#live();
    } else {
      this.#content = Buffer.from('output' in course ? (course.output ?? '') : '');
      this.size = this.#content.length;
      const { afterMs = 0, code = 0 } = 'error' in course ? {} : course;
      if (Number.isFinite(afterMs)) this.#endAfter(afterMs, code);
    }
    this.terminal = new WorldTerminal(this, (bytes) => {
      world.typed(processId, bytes);
      this.write(bytes);
    });
  }

  /** Why it cannot be launched, if so. */
  static trouble(request: StartRequest, seed: number, course: Course | undefined): string | undefined {
    if (course !== undefined) return 'error' in course ? course.error : undefined;
    const r = new Random(mix(seed, 'launch', request.processId));
    return request.argv.at(-1) === 'nothing-there' && r.chance(60) ? 'No such file or directory' : undefined;
  }

  #live(): void {
    const r = this.#random;
    const ends: Readonly<Record<string, () => readonly [afterMs: number, code: number] | undefined>> = {
      true: () => [r.below(3), 0],
      make: () => [r.between(100, 5_000), r.chance(70) ? 0 : 2],
      'sleep 9': () => [9_000, 0],
      yes: () => undefined,
      cat: () => (this.request.tty ? undefined : [1, 0]),
    };
    const command = this.request.argv.at(-1) ?? '';
    if (command === 'yes') this.size = 300_000;
    const end = Object.hasOwn(ends, command) ? ends[command]!() : ([r.below(50), 127] as const);
    if (end !== undefined) this.#endAfter(...end);
  }

  #endAfter(ms: number, code: number): void {
    this.#schedule.add(`the end of process ${this.started.processId}`, ms, 'outside', () => this.end(code, null));
  }

  end(code: number | null, signal: string | null): void {
    if (!this.alive) return;
    this.alive = false;
    const outputBytes = this.size;
    this.exit = {
      code,
      signal,
      outputBytes,
      outputHash: `bytes-${outputBytes}`,
      at: this.#schedule.now,
      ...this.#typing,
    };
    this.#ended(this);
  }

  /** TERM, and KILL after `graceMs` for those that do not listen. */
  stop(graceMs: number, then: () => void): void {
    const obstinate = this.#random.chance(25);
    this.#schedule.add(
      `a signal for process ${this.started.processId}`,
      obstinate ? graceMs : this.#random.below(30),
      'outside',
      () => {
        this.end(null, obstinate ? 'SIGKILL' : 'SIGTERM');
        then();
      },
    );
  }

  write(bytes: Uint8Array): void {
    this.size += bytes.length;
    if (this.#content !== undefined) this.#content = Buffer.concat([this.#content, bytes]);
    if (bytes.includes(3)) this.#endAfter(0, 130);
  }

  /** It does not read what people type. */
  get full(): boolean {
    return this.request.argv.at(-1) === 'yes' && (this.terminal.typed?.bytes ?? 0) > unreadMax;
  }

  get #typing() {
    const { typed } = this.terminal;
    return typed && { typed };
  }

  read(from: number, maxBytes: number): Output {
    const { size } = this;
    if (this.forgotten)
      return {
        from,
        to: size,
        bytes: new Uint8Array(0),
        omitted: size - from,
        size,
        ...(this.exit && { exit: this.exit }),
      };
    const to = Math.max(from, Math.min(this.size, from + maxBytes));
    const length = to - from;
    const own = this.#content?.subarray(from, to);
    const bytes = own ?? (length <= page.length ? page.subarray(0, length) : Buffer.alloc(length, 'x'));
    return { from, to, bytes, omitted: 0, size: this.size, ...(this.exit !== undefined && { exit: this.exit }) };
  }
}
