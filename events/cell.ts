/**
 * Facts about code cells: a piece of JavaScript that runs for an agent in the sandbox. Inputs (ends of its calls, timers)
 * enter it in log order; what each of them did ends with one `CellDrained`, so that a lost cell can be made again (CE9).
 */
import * as t from 'io-ts';
import { aggregate, fact, shape, Text } from './fact.ts';
import { AgentId, CallId, TurnId } from './ids.ts';
import { Image, Outcome, ToolOutput } from './turn.ts';

const cell = aggregate('cell', (d: { cellId: string }) => d.cellId);
/** Counts up from 1 per fleet; never reused. */
const CellId = t.string;
const ofCell = { cellId: CellId, agentId: AgentId };

export const CellPolicy = t.keyof({ ContinueWhenUnblocked: null, PauseAtPendingFrontier: null }, 'CellPolicy');
export type CellPolicy = t.TypeOf<typeof CellPolicy>;

/** One item of output: text, or an image by its address. */
export const OutputItem = t.union([t.type({ text: Text }), Image], 'OutputItem');
export type OutputItem = t.TypeOf<typeof OutputItem>;

/** Each has an error of its own; going over one ends the cell as failed, and no script can catch that. */
export const CellLimits = t.type(
  {
    /** Everything the cell holds: heap, stack, code and ArrayBuffers. At least 16 MiB, with which every cell begins. */
    memoryBytes: t.number,
    /** Time of the processor, for one drain and for all drains of the cell together. */
    drainMs: t.number,
    cpuMs: t.number,
    /** Texts, images and notices as JSON, a character counted as one, and 16 for each of them. */
    outputBytes: t.number,
    /** Set and neither fired nor cleared. */
    timers: t.number,
    /** Called and not ended. */
    pendingCalls: t.number,
    /** In UTF-8. */
    sourceBytes: t.number,
    /** Of the script's calls, at most 256 KiB; a script can catch this one. */
    stackBytes: t.number,
  },
  'CellLimits',
);
export type CellLimits = Readonly<t.TypeOf<typeof CellLimits>>;

export const CellCreated = fact(
  'CellCreated',
  cell,
  shape(
    {
      ...ofCell,
      rootId: AgentId,
      policy: CellPolicy,
      /** An ES module. */
      source: Text,
      /** What the script finds under `tools`, with the descriptions of `ALL_TOOLS`. */
      tools: t.array(t.type({ name: t.string, description: t.string })),
      seed: t.string,
    },
    {
      /** The call of `exec` that made it. */
      turnId: TurnId,
      callId: CallId,
      /** In force for its whole life, whoever runs it again; absent in logs from before they were recorded. */
      limits: CellLimits,
    },
  ),
);

export const CellToolRequested = fact(
  'CellToolRequested',
  cell,
  shape({ ...ofCell, callId: CallId, tool: t.string }, { args: t.unknown }),
);

/** Decided and still open; `until`: as in `ToolCallStarted`. */
export const CellToolStarted = fact(
  'CellToolStarted',
  cell,
  shape({ ...ofCell, callId: CallId }, { until: t.number, processId: t.number }),
);

export const CellToolEnded = fact(
  'CellToolEnded',
  cell,
  shape(
    { ...ofCell, callId: CallId, outcome: Outcome, output: ToolOutput },
    { read: t.type({ processId: t.number, to: t.number }), ended: t.number },
  ),
);

export const CellTimerFired = fact('CellTimerFired', cell, t.type({ ...ofCell, timerId: t.number }));

/** `offset`: items of the cell so far, these included. */
export const CellOutput = fact('CellOutput', cell, t.type({ ...ofCell, items: t.array(OutputItem), offset: t.number }));

export const CellYielded = fact('CellYielded', cell, t.type({ ...ofCell, offset: t.number }));

/** All that one input did has been recorded; the creation is drain 0, input n is drain n. */
export const CellDrained = fact(
  'CellDrained',
  cell,
  shape(
    {
      ...ofCell,
      drain: t.number,
      /** Calls requested by this drain. */
      calls: t.number,
      timers: t.array(t.type({ timerId: t.number, delayMs: t.number })),
      clearedTimers: t.array(t.number),
      offset: t.number,
    },
    /** So many drains before this one did nothing and have no event of their own; absent: none. */
    { quiet: t.number },
  ),
);

const ofFrontier = { ...ofCell, generation: t.number };

/** A pausing cell goes on only when it is resumed; `pending`: calls it waits for, from the live table of the sandbox. */
export const FrontierReached = fact(
  'FrontierReached',
  cell,
  t.type({ ...ofFrontier, pending: t.array(CallId), offset: t.number }),
);

/** Once per generation and reader. */
export const FrontierObserved = fact('FrontierObserved', cell, t.type({ ...ofFrontier, observedBy: t.string }));

export const ResumeRequested = fact('ResumeRequested', cell, t.type({ ...ofFrontier, requestedBy: t.string }));

/** The runtime has really gone on. */
export const FrontierResumed = fact('FrontierResumed', cell, t.type(ofFrontier));

export const ResumeFailed = fact('ResumeFailed', cell, t.type({ ...ofFrontier, reason: t.string }));

const ends = { endsStream: true };

export const CellCompleted = fact(
  'CellCompleted',
  cell,
  shape(
    {
      ...ofCell,
      offset: t.number,
      /** Live processes that it started. */
      processes: t.array(t.number),
      /** Keys that another cell has committed since this one was created: not written. */
      conflicts: t.array(t.string),
    },
    /** Absent: it succeeded. */
    { error: t.type({ code: t.string, text: Text }) },
  ),
  ends,
);

export const CellTerminated = fact(
  'CellTerminated',
  cell,
  t.type({ ...ofCell, terminatedBy: t.string, reason: t.string, processes: t.array(t.number) }),
  ends,
);

export const CellLost = fact(
  'CellLost',
  cell,
  shape(
    { ...ofCell, reason: t.string, processes: t.array(t.number) },
    /** Where running it again first did something else. */
    { difference: t.type({ drain: t.number, what: t.string, recorded: t.string, found: t.string }) },
  ),
  ends,
);
