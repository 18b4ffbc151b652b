/** `exec` and `wait`: a model runs JavaScript in a cell of its own, and comes back to it. */
import * as t from 'io-ts';
import { CellCreated } from '../../../events/cell.ts';
import { closed, closedShape } from '../../../events/closed.ts';
import { cellTermination } from '../cellEnds.ts';
import { newCell, type ToldTools } from '../newCell.ts';
import { cellRefusal } from '../refusals.ts';
import { error, refusedCall, type Tool } from './tool.ts';

const ExecArgs = closed(t.type({ source: t.string }), 'exec arguments');
const WaitArgs = closedShape(
  { cell_id: t.string },
  { yield_time_ms: t.number, max_tokens: t.number, terminate: t.boolean },
  'wait arguments',
);
export type WaitCellArgs = t.TypeOf<typeof WaitArgs>;

/** How long a call waits for its cell before it answers with what there is; no longer than an empty poll of a process. */
const yieldDefaultMs = 10_000;
const yieldMaxMs = 300_000;
const yieldMs = (asked = yieldDefaultMs): number => Math.min(Math.max(asked, 0), yieldMaxMs);

export interface Pragma {
  readonly yield_time_ms?: number;
  readonly max_output_tokens?: number;
}

const fields = ['yield_time_ms', 'max_output_tokens'];

/** The source without its first line `// @exec: {…}`, and what that asks for; or what is wrong with it. */
export function parseSource(
  text: string,
): { readonly source: string; readonly pragma: Pragma } | { readonly fault: string } {
  if (text.trim() === '')
    return { fault: 'exec expects raw JavaScript source text (non-empty). Give it the script itself.' };
  const [first = '', ...rest] = text.split('\n');
  const found = /^\s*\/\/ @exec:(.*)$/.exec(first);
  if (found === null) return { source: text, pragma: {} };
  const source = rest.join('\n');
  if (source.trim() === '') return { fault: 'exec pragma must be followed by JavaScript source on subsequent lines' };
  let pragma: unknown;
  try {
    pragma = JSON.parse(found[1]!);
  } catch {
    pragma = undefined;
  }
  if (typeof pragma !== 'object' || pragma === null || Array.isArray(pragma)) {
    return { fault: 'exec pragma must be a JSON object with supported fields `yield_time_ms` and `max_output_tokens`' };
  }
  for (const [key, value] of Object.entries(pragma)) {
    if (!fields.includes(key))
      return { fault: `exec pragma only supports \`yield_time_ms\` and \`max_output_tokens\`; got \`${key}\`` };
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      return { fault: `exec pragma field \`${key}\` must be a non-negative safe integer` };
  }
  // The line stays, so that errors name the lines that the model wrote.
  return { source: `\n${source}`, pragma: pragma as Pragma };
}

/** What a call of `exec` or `wait` may answer with, in tokens. */
export function tokensMax(tool: string, args: unknown): number | undefined {
  if (tool === 'wait') return (args as WaitCellArgs).max_tokens;
  const parsed = parseSource((args as t.TypeOf<typeof ExecArgs>).source);
  return 'fault' in parsed ? undefined : parsed.pragma.max_output_tokens;
}

/** `nested`: what its cells may call. */
export const execTool = (nested: ToldTools): Tool<t.TypeOf<typeof ExecArgs>> => ({
  name: 'exec',
  description:
    'Runs JavaScript (an ES module with top-level await) that calls tools as `await tools.NAME({…})`, alone or many at once, and prints with text(value). store(key, value) and load(key) keep values for later cells. Answers when it has ended, yields, or after yield_time_ms of an optional first line `// @exec: {"yield_time_ms": 10000, "max_output_tokens": 1000}`; go on with `wait`.',
  args: ExecArgs,
  parameters: {
    source:
      'The JavaScript, as it is. It may begin with the line // @exec: {"yield_time_ms": 10000, "max_output_tokens": 1000}.',
  },
  decide: (state, ctx, caller, args, call) => {
    const parsed = parseSource(args.source);
    if ('fault' in parsed) return { end: error(parsed.fault) };
    const refusal = cellRefusal(state, ctx, caller);
    if (refusal !== undefined) return refusedCall('exec failed: ', refusal);
    const created = newCell(state, ctx, caller, {
      source: parsed.source,
      policy: 'ContinueWhenUnblocked',
      tools: nested,
    });
    const { cellId } = created;
    return {
      started: { cellId, until: ctx.at + yieldMs(parsed.pragma.yield_time_ms) },
      facts: [CellCreated({ ...created, ...call })],
    };
  },
});

export const waitCell: Tool<WaitCellArgs> = {
  name: 'wait',
  description:
    'Waits for a cell that `exec` has left running and answers with its new output or its end. terminate: true stops it.',
  args: WaitArgs,
  parameters: {
    cell_id: 'The cell id that `exec` has answered with.',
    yield_time_ms: 'Answer after so many milliseconds with what there is. Default: 10000.',
    max_tokens: 'How much of the output to show, in tokens. Default: 10000.',
    terminate: 'true: the cell is ended.',
  },
  decide: (state, ctx, caller, args) => {
    const { cell_id: cellId, terminate, yield_time_ms } = args;
    const cell = Object.hasOwn(state.cells.all, cellId) ? state.cells.all[cellId] : undefined;
    if (cell?.agentId !== caller.agentId) return { end: error(`Script error:\nexec cell ${cellId} not found`) };
    const ends = terminate === true && cell.end === undefined;
    return {
      started: { cellId, until: ctx.at + yieldMs(yield_time_ms) },
      ...(ends && { facts: cellTermination(state, ctx, cell, `terminated by ${caller.path}`) }),
    };
  },
};
