/** What the process host reports: starts, writes and ends, each at most once (PR3, PR6). */
import * as facts from '../../events/process.ts';
import { callOf } from '../../projections/calls.ts';
import type { Process, State } from '../../projections/state.ts';
import type { CommandOf, Typed } from './command.ts';
import { type Context, type Decision, decided, dropped } from './decision.ts';

const known = dropped({ known: true });

const unended = (state: State, processId: number): Process | undefined => {
  const process = state.processes.all[processId];
  return process === undefined || process.end !== undefined ? undefined : process;
};

export function processStarted(state: State, _ctx: Context, command: CommandOf<'processStarted'>): Decision {
  const { do: _, ...started } = command;
  const process = unended(state, command.processId);
  if (process === undefined || process.pid !== undefined) return known;
  return decided([facts.ProcessStarted({ ...started, agentId: process.agentId })], {});
}

export function launchFailed(state: State, _ctx: Context, { processId, error }: CommandOf<'launchFailed'>): Decision {
  const process = unended(state, processId);
  if (process === undefined || process.pid !== undefined) return known;
  return decided([facts.ProcessLaunchFailed({ processId, agentId: process.agentId, error })], {});
}

export function processWritten(state: State, _ctx: Context, command: CommandOf<'processWritten'>): Decision {
  const { do: _, ...written } = command;
  const process = unended(state, command.processId);
  // A write that was sent again after a crash was applied once and is told once.
  if (callOf(state, command.requestId)?.written === true) return known;
  return process === undefined ? known : decided([facts.ProcessWritten({ ...written, agentId: process.agentId })], {});
}

/** A host tells all that operators have typed so far: what is recorded already is left out, so it may tell that as often as it likes. */
function typing({ processId, agentId, typed: told = 0 }: Process, typed: Typed | undefined) {
  if (typed === undefined || typed.bytes <= told) return [];
  const { bytes, hash } = typed;
  const requestId = `typed/${bytes}`;
  return [facts.ProcessWritten({ processId, agentId, requestId, bytes: bytes - told, hash, writtenBy: 'operator' })];
}

export function processTyped(state: State, _ctx: Context, { processId, typed }: CommandOf<'processTyped'>): Decision {
  const process = unended(state, processId);
  return process === undefined ? known : decided(typing(process, typed), {});
}

export function processEnded(state: State, _ctx: Context, { processId, exit }: CommandOf<'processEnded'>): Decision {
  const process = unended(state, processId);
  if (process === undefined) return known;
  const { code, signal, outputBytes, outputHash } = exit;
  const end = { processId, agentId: process.agentId, code, signal, outputBytes, outputHash, place: process.place };
  const fact = process.stop === undefined ? facts.ProcessExited(end) : facts.ProcessTerminated(end);
  return decided([...typing(process, exit.typed), fact], {});
}

export function processLost(
  state: State,
  _ctx: Context,
  { processId, reason, wasAlive }: CommandOf<'processLost'>,
): Decision {
  const process = unended(state, processId);
  if (process === undefined) return known;
  return decided([facts.ProcessLost({ processId, agentId: process.agentId, reason, wasAlive })], {});
}
