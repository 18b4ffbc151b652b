/** `wait_agent`: what answers it, and in which words (MA5). */
import type { HoldfastFact } from '../../events/catalogue.ts';
import type { Caller } from '../../projections/calls.ts';
import type { Call, State } from '../../projections/state.ts';
import { endOf } from './callEnd.ts';

export interface WaitArgs {
  readonly timeout_ms?: number;
}

/** How long a wait lasts: out of range is clamped, and said so. */
export function waitLength(state: State, args: WaitArgs): { readonly ms: number; readonly note: string } {
  const { min, max, default: standard } = state.fleet.limits.waitMs;
  const asked = args.timeout_ms ?? standard;
  const ms = Math.min(Math.max(asked, min), max);
  if (ms === asked) return { ms, note: '' };
  const edge = asked < min ? `minimum of ${min}ms` : `maximum of ${max}ms`;
  return { ms, note: `\n\nRequested timeout of ${asked}ms was clamped to the ${edge}.` };
}

/** Mail accepted up to here the caller has been told of; a client is given its mail, so what is unread is news to it. */
const toldUpTo = (state: State, caller: Caller): number =>
  'turnId' in caller && caller.client === true ? 0 : state.agents[caller.agentId]!.told;

/** Unread mail that no earlier answer has named. */
export function hasUntold(state: State, caller: Caller): boolean {
  const newest = state.mail.inboxes[caller.agentId]?.unread.at(-1);
  return newest !== undefined && state.mail.letters[newest]!.position > toldUpTo(state, caller);
}

export type WaitEnd = 'mail' | 'nothing' | 'timeout';

function words(state: State, caller: Caller, end: WaitEnd): { readonly message: string; readonly from: string[] } {
  if (end === 'timeout') return { message: 'Wait timed out.', from: [] };
  if (end === 'nothing') {
    return {
      message: 'Nothing to wait for: no unread mail, and no other agent of this tree is running or queued.',
      from: [],
    };
  }
  const told = toldUpTo(state, caller);
  const untold = state.mail.inboxes[caller.agentId]!.unread.map((id) => state.mail.letters[id]!).filter(
    (l) => l.position > told,
  );
  const from = [...new Set(untold.map((letter) => letter.fromPath ?? letter.from))];
  const steered = untold.some((letter) => letter.from === 'operator');
  return {
    message: `${steered ? 'Wait interrupted by new input.' : 'Wait completed.'} New mail from ${from.join(', ')}.`,
    from,
  };
}

/** Ends every open wait of a turn or a cell, or the one that is named. */
export function answerWait(state: State, caller: Caller, end: WaitEnd, only?: string): HoldfastFact[] {
  const { message, from } = words(state, caller, end);
  const answer = ({ callId, args }: Call): HoldfastFact => {
    const { note } = waitLength(state, (args ?? {}) as WaitArgs);
    const fields = { message: message + note, timed_out: end === 'timeout', from };
    const text = JSON.stringify({ message: fields.message, timed_out: fields.timed_out });
    return endOf(caller, callId, { outcome: 'ok', output: { text, fields } });
  };
  return Object.values(caller.calls)
    .filter(
      (call) => call.tool === 'wait_agent' && call.until !== undefined && (only === undefined || call.callId === only),
    )
    .sort((a, b) => a.position - b.position)
    .map(answer);
}
