/** An operator has payloads removed from the disk: what, and why, is recorded before anything is removed. */
import { PayloadForgotten } from '../../events/fleet.ts';
import type { State } from '../../projections/state.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, refused } from './decision.ts';

export function forget(state: State, _: Context, { payloads, agentId, reason }: CommandOf<'forget'>): Decision {
  if (reason.trim() === '')
    return refused('HOLDFAST_NO_REASON', 'nothing is forgotten without a reason', 'say why: it is recorded');
  const live = payloads.find(({ what, id }) => what === 'output' && isLive(state, Number(id)));
  if (live !== undefined) {
    return refused(
      'HOLDFAST_PROCESS_LIVE',
      `process ${live.id} has not ended: its output goes on`,
      `end it first: \`holdfast stop ${live.id}\``,
      { details: { processId: Number(live.id) } },
    );
  }
  const known = state.fleet.forgotten ?? {};
  const fresh = payloads.filter(({ what, id }) => known[`${what}/${id}`] === undefined);
  const of = agentId === undefined ? {} : { agentId };
  return decided(
    fresh.map(({ what, id }) => PayloadForgotten({ what, id, reason, ...of })),
    { forgotten: fresh.length, before: payloads.length - fresh.length },
  );
}

const isLive = (state: State, processId: number): boolean => {
  const process = state.processes.all[processId];
  return process !== undefined && process.end === undefined;
};
