/**
 * One command's facts become one batch: each is given its place, checked against its codec and applied, then the rules
 * of `settle` are asked what follows, until nothing does. This is the only caller of `apply` in the live engine.
 */
import { createHash } from 'node:crypto';
import { definition, type EventType, type HoldfastEvent, type HoldfastFact } from '../../events/catalogue.ts';
import { guard } from '../../events/guard.ts';
import { apply, versionIn } from '../../projections/apply.ts';
import type { State } from '../../projections/state.ts';
import type { Context, NewAgent } from '../decide/decision.ts';
import { bear, rules } from '../decide/settle.ts';
import { assert } from '../failure.ts';
import type { BlobContent } from '../log/port.ts';
import type { Tamper } from './tamper.ts';
import { mapTexts } from './texts.ts';

/** Longer strings lie in blobs beside the log (bytes of UTF-8). */
const inlineBytesMax = 64 * 1024;

export interface Assembled {
  readonly events: HoldfastEvent[];
  readonly blobs: BlobContent[];
}

export interface Origin {
  readonly epoch: number;
  readonly by: string;
  /** Position of the event that led to the first fact; 0 for none. */
  readonly cause: number;
  /** Takes secrets out of a text (LO7). */
  readonly hide?: (text: string) => string;
  readonly tamper?: Tamper;
}

const guards = new Map<string, (u: unknown) => boolean>();

function fits(type: EventType, data: unknown): boolean {
  let check = guards.get(type);
  if (check === undefined) {
    check = guard(definition(type)!.data);
    guards.set(type, check);
  }
  return check(data);
}

/** Events without any text of people, models or programs: they need no look for secrets or long texts. */
const textless = new Set<string>([
  'AgentLoaded',
  'AgentEvicted',
  'SlotReserved',
  'SlotCommitted',
  'SlotReleased',
  'TurnQueued',
  'TurnDequeued',
  'MailConsumed',
  'MailReturned',
  'TurnStarted',
  'TurnParked',
  'TurnUnparked',
  'ProcessStarted',
  'ProcessExited',
  'ProcessTerminated',
  'CellToolStarted',
  'CellTimerFired',
  'CellYielded',
  'CellDrained',
  'FrontierReached',
  'FrontierResumed',
]);

/** Decisions and scripts read these from the state as they are, so nothing below them is taken out to a blob. */
const decidedOn: ReadonlySet<string> = new Set(['args', 'fields', 'writes', 'config', 'answer', 'refusal', 'fleet']);

/** A character of a string has at most three bytes of UTF-8. */
const mayBeLong = (text: string): boolean => text.length * 3 > inlineBytesMax;

function blobOf(text: string, blobs: BlobContent[]): unknown {
  if (!mayBeLong(text)) return text;
  const content = Buffer.from(text);
  if (content.length <= inlineBytesMax) return text;
  const sha256 = createHash('sha256').update(content).digest('hex');
  blobs.push({ sha256, content });
  return { blob: sha256, bytes: content.length };
}

export class Assembly implements Assembled {
  readonly events: HoldfastEvent[] = [];
  readonly blobs: BlobContent[] = [];
  readonly #state: State;
  readonly #origin: Origin;
  readonly #ctx: Context;
  readonly #first: number;

  constructor(state: State, ctx: Context, origin: Origin) {
    this.#state = state;
    this.#ctx = ctx;
    this.#origin = origin;
    this.#first = state.position + 1;
  }

  /** `cause` of the first; the others follow from the first of them. */
  add(facts: readonly HoldfastFact[], cause: number, by: string): void {
    const start = this.#state.position + 1;
    const altered = this.#origin.tamper?.facts?.(facts, this.#state, this.events) ?? facts;
    for (const fact of altered) this.#append(fact, this.#state.position + 1 === start ? cause : start, by);
  }

  #append({ type, data }: HoldfastFact, cause: number, by: string): void {
    const state = this.#state;
    const def = definition(type)!;
    const stored = textless.has(type) ? data : this.#stored(type, data);
    assert(fits(type, stored), `${type} does not fit its codec`);
    const stream = def.stream(stored);
    const position = state.position + 1;
    const event = {
      position,
      batch: this.#first,
      index: position - this.#first,
      of: 0,
      stream,
      streamVersion: versionIn(state, def.aggregate.kind, def.aggregate.id(stored)) + 1,
      type,
      v: def.v,
      at: this.#ctx.at,
      epoch: this.#origin.epoch,
      by,
      cause,
      data: stored,
    } as unknown as HoldfastEvent;
    this.events.push(event);
    apply(state, event);
  }

  /** As it goes to the log: well-formed, without secrets, long texts as blobs where the event has a place for them. */
  #stored(type: EventType, data: unknown): unknown {
    const { hide } = this.#origin;
    let long = false;
    const safe = mapTexts(data, (text) => {
      const whole = text.isWellFormed() ? text : text.toWellFormed();
      const shown = hide === undefined ? whole : hide(whole);
      if (mayBeLong(shown)) long = true;
      return shown;
    });
    if (!long) return safe;
    const blobs: BlobContent[] = [];
    const short = mapTexts(safe, (text) => blobOf(text, blobs), decidedOn);
    if (blobs.length === 0 || !fits(type, short)) return safe;
    this.blobs.push(...blobs);
    return short;
  }

  /** What a decision itself did, then all that follows in the same batch; false: nothing more can be decided into it. */
  settle(own: readonly HoldfastFact[], birth?: NewAgent): boolean {
    const from = this.events.length;
    this.add(own, this.#origin.cause, this.#origin.by);
    const decided = this.events.length;
    if (decided === from) return false;
    const ctx = { ...this.#ctx, by: 'engine' };
    for (const { rule, again } of rules) {
      for (;;) {
        const facts = rule(this.#state, ctx, from === 0 ? this.events : this.events.slice(from), birth);
        // A birth is the doing of whoever spawned; all else follows by itself.
        if (rule === bear) this.add(facts, this.#first, this.#origin.by);
        else if (facts.length > 0) this.add(facts, this.#cause(facts[0]!), 'engine');
        if (!again || facts.length === 0) break;
      }
    }
    return this.events.length === decided;
  }

  /** The event of this batch that led to a consequence: the slot that was freed, the mail that came, or its last own event. */
  #cause(first: HoldfastFact): number {
    const led =
      first.type === 'SlotReserved'
        ? this.events.findLast((e) => e.type === 'SlotReleased' && e.data.rootId === first.data.rootId)
        : first.type === 'ToolCallEnded' || first.type === 'CellToolEnded'
          ? this.events.findLast((e) => e.type === 'MailAccepted' && e.data.to === first.data.agentId)
          : undefined;
    return (led ?? this.events.at(-1)!).position;
  }

  /** The batch is complete. */
  close(): void {
    for (const event of this.events) (event as { of: number }).of = this.events.length;
  }
}
