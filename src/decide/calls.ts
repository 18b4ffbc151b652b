/** Calls of tools by whoever makes them, a turn or a cell: what the table decides about one, and how it ends. */
import { type CallRef, callerOf } from '../../projections/calls.ts';
import type { State } from '../../projections/state.ts';
import { stored } from '../../projections/toolOutput.ts';
import { judged } from './approval.ts';
import { endOf } from './callEnd.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, dropped } from './decision.ts';
import { toolTable } from './tools/table.ts';
import { type Effect, error } from './tools/tool.ts';
import { answerWait } from './wait.ts';

interface Asked {
  readonly call: string;
  readonly args: unknown;
  readonly invalid?: string;
}

/** What the table decides about a call. */
export function effectOf(state: State, ctx: Context, agentId: string, asked: Asked, ref: CallRef): Effect {
  const { call: name, args } = asked;
  const tool = Object.hasOwn(toolTable, name) ? toolTable[name] : undefined;
  if (asked.invalid !== undefined) return { end: error(asked.invalid) };
  if (tool === undefined) return { end: error(`unsupported call: ${name}`) };
  const decoded = tool.args.decode(args ?? {});
  if (decoded._tag === 'Left')
    return { end: error(`failed to parse function arguments: ${argumentFault(tool.args, args)}`) };
  const agent = state.agents[agentId]!;
  const effect = tool.decide(state, { ...ctx, by: `agent:${agentId}` }, agent, decoded.right, ref);
  // Only what could be carried out is worth a question.
  const deed = effect.end === undefined ? tool.deed?.(state, decoded.right) : undefined;
  return deed === undefined ? effect : judged(state, agent, tool, deed, ref, effect);
}

/** The first thing that is wrong, in the words that models know. */
function argumentFault(codec: { readonly decode: (u: unknown) => any }, args: unknown): string {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return 'expected an object';
  const result = codec.decode(args);
  const first = result.left[0];
  const key = first.context.at(-1)?.key ?? first.context.at(-2)?.key ?? '';
  const field =
    first.context
      .map((c: { key: string }) => c.key)
      .filter((k: string) => k !== '' && !/^\d+$/.test(k))
      .at(-1) ?? key;
  if (first.message === 'unknown key') return `unknown field \`${field}\``;
  if (first.value === undefined) return `missing field \`${field}\``;
  return `invalid value for \`${field}\`: ${JSON.stringify(first.value)?.slice(0, 80)}`;
}

const stale = dropped({ stale: true });

export function waitExpired(state: State, _ctx: Context, call: CommandOf<'waitExpired'>): Decision {
  const caller = callerOf(state, call);
  if (caller?.calls[call.callId] === undefined) return stale;
  return decided(answerWait(state, caller, 'timeout', call.callId), {});
}

export function endCall(state: State, _ctx: Context, command: CommandOf<'endCall'>): Decision {
  const { callId, outcome, read, readCell, ended } = command;
  const caller = callerOf(state, command);
  if (caller?.calls[callId] === undefined) return stale;
  // A script in a cell reads fields from the fact itself; what a turn is told is read from its text.
  const output = 'turnId' in caller ? stored(command.output) : command.output;
  const told = { ...(read && { read }), ...(readCell && { readCell }), ...(ended !== undefined && { ended }) };
  const end = { outcome, output, ...told };
  return decided([endOf(caller, callId, end)], {});
}
