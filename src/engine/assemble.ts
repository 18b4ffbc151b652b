/**
 * One command's facts become one batch: each is given its place, checked against its codec and applied, then the rules
 * of `settle` are asked what follows, until nothing does. This is the only caller of `apply` in the live engine.
 */
import { createHash } from 'node:crypto';
import { definition, type EventType, type HoldfastEvent, type HoldfastFact } from '../../events/catalogue.ts';
import { guard } from '../../events/guard.ts';
import { apply } from '../../projections/apply.ts';
import type { State } from '../../projections/state.ts';
import type { Context } from '../decide/decision.ts';
import { rules } from '../decide/settle.ts';
import { assert } from '../failure.ts';
import type { BlobContent } from '../log/port.ts';

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

/** The same value with every long string replaced by the name of its blob; strings are made well-formed. */
function withoutLongText(value: unknown, blobs: BlobContent[]): unknown {
  if (typeof value === 'string') {
    const text = value.isWellFormed() ? value : value.toWellFormed();
    if (text.length * 3 <= inlineBytesMax) return text;
    const content = Buffer.from(text);
    if (content.length <= inlineBytesMax) return text;
    const sha256 = createHash('sha256').update(content).digest('hex');
    blobs.push({ sha256, content });
    return { blob: sha256, bytes: content.length };
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const copy = value.map((item) => withoutLongText(item, blobs));
    return copy.some((item, i) => item !== value[i]) ? copy : value;
  }
  let copy: Record<string, unknown> | undefined;
  for (const key in value) {
    const before = (value as Record<string, unknown>)[key];
    const after = withoutLongText(before, blobs);
    if (after !== before) (copy ??= { ...value })[key] = after;
  }
  return copy ?? value;
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
    for (const fact of facts) this.#append(fact, this.#state.position + 1 === start ? cause : start, by);
  }

  #append({ type, data }: HoldfastFact, cause: number, by: string): void {
    const state = this.#state;
    const def = definition(type)!;
    // The fleet file has no long texts of its own that a codec would let become blobs.
    const stored = type === 'FleetOpened' ? data : withoutLongText(data, this.blobs);
    assert(fits(type, stored), `${type} does not fit its codec`);
    const stream = def.stream(stored);
    const position = state.position + 1;
    const event = {
      position,
      batch: this.#first,
      index: position - this.#first,
      of: 0,
      stream,
      streamVersion: (state.streams[stream] ?? 0) + 1,
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

  /** What the command itself did, then all that follows in the same batch. */
  settle(own: readonly HoldfastFact[]): void {
    this.add(own, this.#origin.cause, this.#origin.by);
    if (this.events.length === 0) return;
    const ctx = { ...this.#ctx, by: 'engine' };
    for (const { rule, again } of rules) {
      for (;;) {
        const facts = rule(this.#state, ctx, this.events);
        if (facts.length > 0) this.add(facts, this.#cause(facts[0]!), 'engine');
        if (!again || facts.length === 0) break;
      }
    }
  }

  /** The event of this batch that led to a consequence: the slot that was freed, the mail that came, or its last own event. */
  #cause(first: HoldfastFact): number {
    const led =
      first.type === 'SlotReserved'
        ? this.events.findLast((e) => e.type === 'SlotReleased' && e.data.rootId === first.data.rootId)
        : first.type === 'ToolCallEnded'
          ? this.events.findLast((e) => e.type === 'MailAccepted' && e.data.to === first.data.agentId)
          : undefined;
    return (led ?? this.events.at(-1)!).position;
  }

  /** The batch is complete. */
  close(): void {
    for (const event of this.events) (event as { of: number }).of = this.events.length;
  }
}
