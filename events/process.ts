/** Facts about operating-system processes: asked for, started, ended, each at most once. */
import * as t from 'io-ts';
import { aggregate, fact, shape } from './fact.ts';
import { AgentId, CallId, ProcessId, TurnId } from './ids.ts';

const process = aggregate('process', (d: { processId: number }) => d.processId);
const ofProcess = { processId: ProcessId, agentId: AgentId };

export const ProcessRequested = fact(
  'ProcessRequested',
  process,
  shape(
    {
      ...ofProcess,
      rootId: AgentId,
      requestId: t.string,
      hostId: t.string,
      /** Program and arguments. */
      command: t.array(t.string),
      cwd: t.string,
      tty: t.boolean,
      onInterrupt: t.keyof({ keep: null, kill: null }),
    },
    {
      turnId: TurnId,
      callId: CallId,
      cellId: t.string,
      /** Its agent is told of its end by mail, unless a call tells it. */
      notifyOnExit: t.boolean,
      /** Processes that are ended to make room for it. */
      pruned: t.array(ProcessId),
    },
  ),
);

export const ProcessStarted = fact(
  'ProcessStarted',
  process,
  t.type({ ...ofProcess, pid: t.number, group: t.number, startTime: t.number, bootId: t.string }),
);

const ends = { endsStream: true };

export const ProcessLaunchFailed = fact(
  'ProcessLaunchFailed',
  process,
  t.type({ ...ofProcess, error: t.string }),
  ends,
);

/** By operators: the hash is salted with what lies beside the spool and covers all that they have typed so far. */
export const ProcessWritten = fact(
  'ProcessWritten',
  process,
  t.type({ ...ofProcess, requestId: t.string, bytes: t.number, hash: t.string, writtenBy: t.string }),
);

export const DetachReason = t.keyof({ evicted: null, operator: null, 'engine-stopped': null, recovered: null });
export type DetachReason = t.TypeOf<typeof DetachReason>;

/** No lease of an agent in memory covers it any more; the child is not touched. */
export const ProcessDetached = fact('ProcessDetached', process, t.type({ ...ofProcess, reason: DetachReason }));

export const ProcessReattached = fact('ProcessReattached', process, t.type({ ...ofProcess, reattachedBy: t.string }));

/** `agentId` was to have it and `holder` has it: nothing moved. */
export const ReattachSkipped = fact('ReattachSkipped', process, t.type({ ...ofProcess, holder: AgentId }));

export const StopReason = t.keyof({
  requested: null,
  pruned: null,
  cleaned: null,
  interrupted: null,
  closed: null,
  'engine-stopped': null,
});
export type StopReason = t.TypeOf<typeof StopReason>;

export const ProcessStopRequested = fact(
  'ProcessStopRequested',
  process,
  t.type({ ...ofProcess, reason: StopReason, requestedBy: t.string }),
);

const End = t.type({
  ...ofProcess,
  /** null: a signal ended it. */
  code: t.union([t.number, t.null]),
  signal: t.union([t.string, t.null]),
  outputBytes: t.number,
  outputHash: t.string,
  place: t.keyof({ attached: null, detached: null }),
});

export const ProcessExited = fact('ProcessExited', process, End, ends);

/** The one end after a `ProcessStopRequested`. */
export const ProcessTerminated = fact('ProcessTerminated', process, End, ends);

export const ProcessLost = fact(
  'ProcessLost',
  process,
  t.type({ ...ofProcess, reason: t.string, wasAlive: t.boolean }),
  ends,
);
