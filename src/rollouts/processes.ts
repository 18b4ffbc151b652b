/** Processes as rollouts tell of them: started by a call, known by a number of the tool's own, ended wherever somebody saw it. */
import type { AgentId, TurnId } from '../../events/ids.ts';
import type { Mark } from '../../events/imported.ts';
import {
  ProcessExited,
  ProcessLaunchFailed,
  ProcessRequested,
  ProcessStarted,
  ProcessStopRequested,
  ProcessTerminated,
  ProcessWritten,
} from '../../events/process.ts';
import type { Process } from '../../projections/state.ts';
import { hexOf, sha256 } from '../log/chain.ts';
import type { Retelling } from './retelling.ts';

export interface Started {
  readonly callId: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly tty: boolean;
}

/** The number that the next process gets. */
export const nextProcess = ({ state }: Retelling): number => state.fleet.nextProcessId;

export function requestProcess(retelling: Retelling, agentId: string, tool: string, given: Started): void {
  const turn = retelling.turn(agentId);
  if (turn === undefined) return;
  const { callId, command, cwd, tty } = given;
  const { turnId, rootId } = turn;
  retelling.ledger.tell(
    ProcessRequested,
    {
      processId: nextProcess(retelling),
      agentId: agentId as AgentId,
      rootId,
      requestId: `${turnId}/${callId}`,
      hostId: tool,
      command: [...command],
      cwd,
      tty,
      onInterrupt: 'keep',
      turnId: turnId as TurnId,
      callId,
    },
    'inferred',
    { by: `agent:${agentId}` },
  );
}

/** Requested or running. */
function* live({ state }: Retelling, agentId: string): Iterable<Process> {
  for (const processId of Object.keys(state.processes.live[agentId] ?? {})) yield state.processes.all[processId]!;
}

export function processOfCall(retelling: Retelling, agentId: string, callId: string): Process | undefined {
  for (const process of live(retelling, agentId)) if (process.callId === callId) return process;
  return undefined;
}

/** The tool numbers its processes per run of its own, so only live ones are looked at, the newest first. */
export function processNumbered(retelling: Retelling, agentId: string, number: string): Process | undefined {
  let found: Process | undefined;
  for (const process of live(retelling, agentId)) if (process.bootId === `number ${number}`) found = process;
  return found;
}

/** It runs on behind its call. Its pid is in no rollout: the tool's own number stands for the boot it belongs to. */
export function runsOn(retelling: Retelling, process: Process, number: string): void {
  if (process.bootId !== undefined) return;
  const { processId, agentId } = process;
  const unknown = { pid: 0, group: 0, startTime: process.at };
  retelling.ledger.tell(ProcessStarted, { processId, agentId, ...unknown, bootId: `number ${number}` }, 'unknowable', {
    cause: process.position,
  });
}

export function processEnded(
  retelling: Retelling,
  process: Process,
  {
    code,
    output,
    mark,
    at,
  }: { readonly code: number | null; readonly output: string; readonly mark: Mark; readonly at?: number },
): void {
  const { processId, agentId, position, place, stop } = process;
  const outputBytes = Buffer.byteLength(output);
  const data = { processId, agentId, code, signal: null, outputBytes, outputHash: hexOf(sha256(output)), place };
  retelling.ledger.tell(stop === undefined ? ProcessExited : ProcessTerminated, data, mark, {
    cause: position,
    ...(at !== undefined && { at }),
  });
}

export function launchFailed(retelling: Retelling, process: Process, error: string): void {
  const { processId, agentId, position } = process;
  retelling.ledger.tell(ProcessLaunchFailed, { processId, agentId, error }, 'inferred', { cause: position });
}

export function written(retelling: Retelling, process: Process, callId: string, text: string): void {
  const { processId, agentId } = process;
  const turnId = retelling.turn(agentId)?.turnId;
  const bytes = Buffer.from(text);
  const data = { bytes: bytes.length, hash: hexOf(sha256(bytes)), writtenBy: `agent:${agentId}` };
  retelling.ledger.tell(ProcessWritten, { processId, agentId, requestId: `${turnId}/${callId}`, ...data }, 'written', {
    by: `agent:${agentId}`,
  });
}

export function stopRequested(retelling: Retelling, process: Process): void {
  const { processId, agentId, position } = process;
  retelling.ledger.tell(
    ProcessStopRequested,
    { processId, agentId, reason: 'requested', requestedBy: `agent:${agentId}` },
    'written',
    { cause: position, by: `agent:${agentId}` },
  );
}
