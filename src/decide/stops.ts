/** Requests to end processes: each is a fact before the signal, and none is asked for twice (PR3, PR7). */
import type { HoldfastFact } from '../../events/catalogue.ts';
import type { AgentId, MailId } from '../../events/ids.ts';
import { MailAccepted } from '../../events/mail.ts';
import { ProcessStopRequested, type StopReason } from '../../events/process.ts';
import type { Agent, Process, State } from '../../projections/state.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, refused } from './decision.ts';
import { allLive, liveOf, ofAgent } from './leases.ts';

/** Those that are being ended already are left to that. */
export const stopping = (processes: readonly Process[], reason: StopReason, by: string): HoldfastFact[] =>
  processes
    .filter(({ end, stop }) => end === undefined && stop === undefined)
    .map(({ processId, agentId }) => ProcessStopRequested({ processId, agentId, reason, requestedBy: by }));

/** Those of an agent that an interruption of its turn ends. */
export const killedByInterrupt = (state: State, agentId: string): Process[] =>
  liveOf(state, agentId).filter(({ onInterrupt }) => onInterrupt === 'kill');

export const stopProcesses = (state: State, ctx: Context): Decision => {
  const facts = stopping(allLive(state), 'engine-stopped', ctx.by);
  return decided(facts, { stopping: facts.length });
};

export const stopProcess = (state: State, ctx: Context, { processId }: CommandOf<'stopProcess'>): Decision => {
  const process = state.processes.all[processId];
  if (process === undefined) {
    return refused('HOLDFAST_PROCESS_NOT_FOUND', `there is no process ${processId}`, '`holdfast ps --all` lists them');
  }
  const { path } = state.agents[process.agentId]!;
  return decided(stopping([process], 'requested', ctx.by), { processId, path, stopping: process.end === undefined });
};

/** Detached processes only, of one agent or of all: what an agent in memory holds is its own. */
export const clean = (state: State, ctx: Context, { target }: CommandOf<'clean'>): Decision => {
  const cleaned = (processes: readonly Process[], more: object): Decision => {
    const detached = processes.filter(({ place }) => place === 'detached');
    const ids = detached.map(({ processId }) => processId);
    return decided(stopping(detached, 'cleaned', ctx.by), { ...more, cleaned: ids });
  };
  if (target === undefined) return cleaned(allLive(state), {});
  return ofAgent(state, target, ({ agentId, path }) => cleaned(liveOf(state, agentId), { path }), { cleaned: [] });
};

/**
 * Who goes when the limit is reached and processes may be pruned: the least recently used. Ended ones, which the peer
 * prefers, hold no place here; those that are being ended leave theirs anyway.
 */
export function toPrune(state: State, rootId: string): Process[] {
  const staying = allLive(state).filter((process) => process.rootId === rootId && process.stop === undefined);
  const tooMany = staying.length + 1 - state.fleet.limits.processes;
  return tooMany <= 0 ? [] : staying.sort((a, b) => a.used - b.used).slice(0, tooMany);
}

const said = ({ command }: Process): string => `\`${(command.at(-1) ?? '').slice(0, 200).toWellFormed()}\``;

/** The owners are told, except the one whose call it is: its result says so. */
export const pruning = (state: State, ctx: Context, pruned: readonly Process[], caller: Agent): HoldfastFact[] => [
  ...stopping(pruned, 'pruned', ctx.by),
  ...pruned
    .filter(({ agentId }) => agentId !== caller.agentId && state.agents[agentId]!.last.is !== 'closed')
    .map((process) =>
      MailAccepted({
        mailId: ctx.id<MailId>(),
        from: 'engine',
        fromPath: `process ${process.processId}`,
        to: process.agentId as AgentId,
        kind: 'notice',
        trigger: false,
        text: `Your process ${process.processId} (${said(process)}) is being ended to make room for one of ${caller.path}: at most ${state.fleet.limits.processes} may live in this tree, and it was used least recently.`,
      }),
    ),
];
