/** Mail for an agent whose process has ended, when no call of its turn is about to tell it (PR6, MA5). */
import type { HoldfastEvent, HoldfastFact } from '../../events/catalogue.ts';
import type { AgentId, MailId } from '../../events/ids.ts';
import { MailAccepted } from '../../events/mail.ts';
import type { Process, ProcessEnd, State } from '../../projections/state.ts';
import type { Context } from './decision.ts';

function how(end: ProcessEnd): string {
  switch (end.how) {
    case 'launch-failed':
      return `could not be started: ${end.reason}`;
    case 'lost':
      return `is lost: ${end.reason}. It is not known how far it got; check before you do it again`;
    default:
      return `${end.signal === null ? `ended with code ${end.code}` : `was ended by ${end.signal}`} after ${end.outputBytes} bytes of output (write_stdin with its session id and no chars reads what is new to you)`;
  }
}

/** An open call of the agent's own turn or of one of its cells waits for this process: its result will say. */
function isAwaited(state: State, { agentId, processId }: Process): boolean {
  const cells = Object.keys(state.cells.live[agentId] ?? {}).map((cellId) => state.cells.all[cellId]);
  return [state.turns[state.agents[agentId]!.turnId ?? ''], ...cells].some(
    (caller) => caller !== undefined && Object.values(caller.calls).some((call) => call.processId === processId),
  );
}

function notice(state: State, ctx: Context, process: Process): HoldfastFact {
  const { processId, agentId, command } = process;
  const name = (command.at(-1) ?? '').slice(0, 200).toWellFormed();
  return MailAccepted({
    mailId: ctx.id<MailId>(),
    from: 'engine',
    fromPath: `process ${processId}`,
    to: agentId as AgentId,
    kind: 'notice',
    trigger: state.agents[agentId]!.wake === true,
    text: `Process ${processId} (\`${name}\`) ${how(process.end!)}.`,
    ofProcess: processId,
  });
}

/** The first rule of `settle`: what it sends may answer a wait or start a turn. */
export function notices(state: State, ctx: Context, batch: readonly HoldfastEvent[]): HoldfastFact[] {
  const { untold, all } = state.processes;
  const agents = new Set<string>();
  for (const { data } of batch)
    if ('agentId' in data && data.agentId !== undefined && untold[data.agentId] !== undefined) agents.add(data.agentId);
  return [...agents].flatMap((agentId) =>
    Object.keys(untold[agentId]!)
      .map((id) => all[id]!)
      .filter((process) => !isAwaited(state, process))
      .map((process) => notice(state, ctx, process)),
  );
}
