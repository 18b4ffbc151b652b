/** What a tool is: one entry serves the model loop, other clients and the documentation. */
import type * as t from 'io-ts';
import type { HoldfastFact } from '../../../events/catalogue.ts';
import type { Outcome, ToolOutput } from '../../../events/turn.ts';
import type { CallRef } from '../../../projections/calls.ts';
import type { Agent, State } from '../../../projections/state.ts';
import type { Deed } from '../approvals/judge.ts';
import type { Context, NewAgent, Refusal } from '../decision.ts';

/** What a call does: its own effect, its end unless it stays open, and an agent that it starts at once. */
export interface Effect {
  readonly facts?: readonly HoldfastFact[];
  readonly end?: { readonly outcome: Outcome; readonly output: ToolOutput };
  readonly birth?: NewAgent;
  /** More of its ToolCallStarted or CellToolStarted. */
  readonly started?: { readonly until?: number; readonly processId?: number; readonly cellId?: string };
}

export interface Tool<A = any> {
  readonly name: string;
  readonly description: string;
  /** Exact: unknown arguments are refused. */
  readonly args: t.Type<A, unknown, unknown>;
  /** What each of them is for, as models and clients read it. */
  readonly parameters: { readonly [K in keyof A]-?: string };
  readonly decide: (state: State, ctx: Context, caller: Agent, args: A, call: CallRef) => Effect;
  /** It ends at once, and changes nothing. */
  readonly reads?: true;
  /** What of it a person may want to decide about; absent: nothing. */
  readonly deed?: (state: State, args: A) => Deed | undefined;
}

export const ok = (text: string, fields?: Record<string, unknown>): Effect['end'] => ({
  outcome: 'ok',
  output: fields === undefined ? { text } : { fields, text },
});

/** Results that models know as JSON text are the same as fields. */
export const okJson = (fields: Record<string, unknown>): Effect['end'] => ok(JSON.stringify(fields), fields);

export const error = (text: string): Effect['end'] => ({ outcome: 'error', output: { text } });

/** A refusal is recorded and told to the model. */
export const refusedCall = (prefix: string, refusal: Refusal): Effect => ({
  facts: refusal.facts,
  end: {
    outcome: refusal.facts.length > 0 ? 'refused' : 'error',
    output: { text: prefix + refusal.message, fields: { code: refusal.code, ...refusal.details } },
  },
});

/** How agents are named in arguments. */
export const targetIs = 'Path of the agent, absolute (/root/builder) or relative to you (builder), or its id.';
