/**
 * A fleet at rest, opened for one command of the operator: no turn goes on. Verbs load this when they need it, since a fleet
 * that runs is asked through its socket.
 */
import type { State } from '../../../projections/state.ts';
import type { Command } from '../../decide/command.ts';
import { decide } from '../../decide/decide.ts';
import type { Context, Decision } from '../../decide/decision.ts';
import { type Fleet, openFleet, type Result } from '../../fleet.ts';
import { stateAt } from '../opened.ts';

const idle: Context = { at: 0, by: 'operator', id: () => '' as never, hostId: '' };

/** On the state alone, for what changes nothing: no log has to be opened to be told so. */
export const decidedAlone = (state: State, command: Command): Decision => decide(state, idle, command);

export const openAtRest = (dir: string): Promise<Fleet> => openFleet({ log: dir, turns: 'stay' });

export async function actAtRest<A>(dir: string, command: Command): Promise<Result<A>> {
  const decision = decidedAlone(await stateAt(dir), command);
  if (decision._tag === 'Left') return { ok: false, refusal: decision.left };
  const fleet = await openAtRest(dir);
  try {
    return await fleet.life.engine.submit<A>(command, { by: 'operator' });
  } finally {
    await fleet.stop('opened for one command');
  }
}
