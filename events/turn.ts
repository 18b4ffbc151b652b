/** Facts about turns: one run of an agent's model loop, its samplings and its tool calls. */
import * as t from 'io-ts';
import { aggregate, fact, shape, Text } from './fact.ts';
import { AgentId, CallId, MailId, ReservationId, TurnId } from './ids.ts';

const turn = aggregate('turn', (d: { turnId: string }) => d.turnId);
const ofTurn = { turnId: TurnId, agentId: AgentId };

/** What a model says: text, a tool call, the source of a code cell, or its thoughts. */
export const SayItem = shape(
  { say: Text },
  /** What the model calls this part of its answer, to be told so again. */
  { phase: t.string },
);
export const CallItem = shape({ call: t.string, id: CallId, args: t.unknown }, { invalid: t.string });
export const ExecItem = t.type({ exec: Text, id: CallId });
/** Goes back to the model in its place: `sealed` as it came (only the model can read it), under the name it had there. */
export const ReasoningItem = shape({ reasoning: Text }, { sealed: Text, name: t.string });
export const Item = t.union([SayItem, CallItem, ExecItem, ReasoningItem], 'Item');
export type Item = t.TypeOf<typeof Item>;

/** Tokens of one sampling; those from a cache are among the input, those of thoughts among the output. */
export const Usage = shape(
  { inputTokens: t.number, outputTokens: t.number },
  { cachedTokens: t.number, reasoningTokens: t.number },
);
export type Usage = t.TypeOf<typeof Usage>;

/** An image by its address, which may hold it (`data:`). */
export const Image = shape(
  { imageUrl: Text },
  { detail: t.keyof({ auto: null, low: null, high: null, original: null }) },
);
export type Image = t.TypeOf<typeof Image>;

/** What a tool answers: text for the model, fields for scripts and code, and images that its cell has shown. */
export const ToolOutput = shape({ text: Text }, { fields: t.record(t.string, t.unknown), images: t.array(Image) });
export type ToolOutput = t.TypeOf<typeof ToolOutput>;

export const Outcome = t.keyof(
  { ok: null, error: null, refused: null, cancelled: null, indeterminate: null },
  'Outcome',
);
export type Outcome = t.TypeOf<typeof Outcome>;

export const TurnStarted = fact(
  'TurnStarted',
  turn,
  shape({ ...ofTurn, rootId: AgentId, mailIds: t.array(MailId) }, { reservationId: ReservationId }),
);

export const ModelSampled = fact(
  'ModelSampled',
  turn,
  shape({ ...ofTurn, n: t.number, items: t.array(Item) }, { usage: Usage }),
);

export const SamplingEnded = fact(
  'SamplingEnded',
  turn,
  shape(
    { ...ofTurn, n: t.number, outcome: t.keyof({ failed: null, cancelled: null }) },
    /** `overflow`: the history is too long for the model, which is asked for a summary next (TU4). */
    { error: t.string, retryInMs: t.number, overflow: t.literal(true) },
  ),
);

export const ToolCallStarted = fact(
  'ToolCallStarted',
  turn,
  shape(
    { ...ofTurn, callId: CallId, tool: t.string, args: t.unknown },
    /** `until`: when wait_agent gives up, and exec and wait yield, ms since 1970. `cellId`: the cell that is waited for. */
    { until: t.number, processId: t.number, cellId: t.string },
  ),
);

export const ToolCallEnded = fact(
  'ToolCallEnded',
  turn,
  shape(
    { ...ofTurn, callId: CallId, outcome: Outcome, output: ToolOutput },
    {
      /** The agent has now read this process's output up to byte `to`, this cell's up to item `to`. */
      read: t.type({ processId: t.number, to: t.number }),
      readCell: t.type({ cellId: t.string, to: t.number }),
      /** The agent has now been told of the end of this process. */
      ended: t.number,
    },
  ),
);

/** `until`: when the first of its waits gives up, ms since 1970; absent: it waits for a person alone. */
export const TurnParked = fact('TurnParked', turn, shape(ofTurn, { until: t.number }));

export const TurnUnparked = fact(
  'TurnUnparked',
  turn,
  t.type({ ...ofTurn, reservationId: ReservationId, by: t.string }),
);

export const TurnResumed = fact('TurnResumed', turn, t.type({ ...ofTurn, calls: t.array(CallId) }));

/** The answer to sampling `n`, which asked for a summary of all up to a position (imported logs do not number it). */
export const HistoryCompacted = fact(
  'HistoryCompacted',
  turn,
  shape({ ...ofTurn, upTo: t.number, summary: Text }, { n: t.number, usage: Usage }),
);

const ends = { endsStream: true };

export const TurnCompleted = fact('TurnCompleted', turn, t.type({ ...ofTurn, message: Text }), ends);

export const TurnFailed = fact('TurnFailed', turn, t.type({ ...ofTurn, error: t.string }), ends);

export const TurnInterrupted = fact(
  'TurnInterrupted',
  turn,
  t.type({ ...ofTurn, interruptedBy: t.string, reason: t.string, note: t.string }),
  ends,
);
