/**
 * Facts of a rollout on their way into a log: each line's events are one batch, marked with the line they come from. A
 * line that the log already has is told again to nobody: its facts are dropped, so that importing twice adds nothing.
 */
import { definition, type HoldfastEvent } from '../../events/catalogue.ts';
import type { FactDef } from '../../events/fact.ts';
import { guard } from '../../events/guard.ts';
import type { Imported, Mark } from '../../events/imported.ts';
import { apply, versionIn } from '../../projections/apply.ts';
import type { State } from '../../projections/state.ts';
import { assert } from '../failure.ts';
import type { Log } from '../log/port.ts';

type Def<Data> = FactDef<string, Data>;

export interface Place {
  readonly file: number;
  readonly offset: number;
  /** Milliseconds since 1970, as the line says. */
  readonly at: number;
}

export interface Told {
  /** When it happened, where that is before the line was written. */
  readonly at?: number;
  readonly by?: string;
  /** Position of the event that led to it; absent: the line's first event. */
  readonly cause?: number;
}

/** Events that may wait for the disk of the log. */
const waitingEventsMax = 2000;

/** A log that is imported has one life. */
const epoch = 1;

const guards = new Map<string, (data: unknown) => boolean>();

function fits(type: string, data: unknown): boolean {
  let check = guards.get(type);
  if (check === undefined) guards.set(type, (check = guard(definition(type)!.data)));
  return check(data);
}

export class Ledger {
  readonly state: State;
  readonly marks: Record<Mark, number> = { written: 0, inferred: 0, unknowable: 0, computed: 0 };
  readonly #log: Log;
  readonly #onEvent: (event: HoldfastEvent) => void;
  #place: Place = { file: 0, offset: 0, at: 0 };
  #events: HoldfastEvent[] = [];
  #part = 0;
  /** The log has this line already. */
  #muted = false;

  constructor(log: Log, state: State, onEvent: (event: HoldfastEvent) => void = () => {}) {
    this.#log = log;
    this.state = state;
    this.#onEvent = onEvent;
  }

  get muted(): boolean {
    return this.#muted;
  }

  get place(): Place {
    return this.#place;
  }

  begin(place: Place): void {
    const source = this.state.sources?.files[place.file];
    this.#place = place;
    this.#part = 0;
    this.#muted = source !== undefined && (place.offset <= source.last || place.offset < source.bytes);
  }

  /** Another file's number, once that is known, for the line that is being told. */
  asFile(file: number): void {
    this.#place = { ...this.#place, file };
  }

  /** `data` becomes the event's: it is the caller's no longer. */
  tell<Data extends object>(def: Def<Data>, data: Data, mark: Mark, { at, by = 'engine', cause }: Told = {}): void {
    if (this.#muted) return;
    const { file, offset } = this.#place;
    const now = Math.max(this.state.at, this.#place.at);
    const happened = at ?? this.#place.at;
    // Members in the order in which the log hashes them, so that it need not sort a copy.
    const imported: Imported =
      happened < now
        ? { at: happened, file, mark, offset, part: this.#part }
        : { file, mark, offset, part: this.#part };
    this.#part += 1;
    this.marks[mark] += 1;
    (data as { imported?: Imported }).imported = imported;
    this.#append(def, data, { by, now, cause });
  }

  #append<Data extends object>(def: Def<Data>, given: Data, { by, now, cause }: Told & { readonly now: number }): void {
    const { state } = this;
    const { type, data } = def(given);
    assert(fits(type, data), `${type} of an import does not fit its codec`);
    const position = state.position + 1;
    const first = this.#events[0]?.position ?? position;
    const led = cause ?? (first === position ? 0 : first);
    const event = {
      position,
      batch: first,
      index: position - first,
      of: 0,
      stream: def.stream(data),
      streamVersion: versionIn(state, def.aggregate.kind, def.aggregate.id(data)) + 1,
      type,
      v: def.v,
      at: now,
      epoch,
      by: by ?? 'engine',
      cause: led < position ? led : 0,
      data,
    } as unknown as HoldfastEvent;
    this.#events.push(event);
    apply(state, event);
    this.#onEvent(event);
  }

  /** A fact about the import itself, from no line. */
  note<Data extends object>(def: Def<Data>, data: Data): void {
    this.#append(def, data, { now: this.state.at });
  }

  /** The line has been told. Resolves when there is room for more. */
  end(): Promise<void> | undefined {
    const events = this.#events;
    if (events.length === 0) return undefined;
    this.#events = [];
    for (const event of events) (event as { of: number }).of = events.length;
    void this.#log.append({ expected: events[0]!.position - 1, epoch, events }).catch(() => {
      // Told by the flush at the end, and by every later append.
    });
    return this.#log.head().position - this.#log.synced().position > waitingEventsMax ? this.#log.flush() : undefined;
  }
}
