/**
 * The one seam through which a planted defect reaches the engine: the simulated world puts old bugs back in here to
 * prove that its checkers find them. Nothing else uses it; `live.ts` knows nothing of it.
 */
import type { HoldfastEvent, HoldfastFact } from '../../events/catalogue.ts';
import type { State } from '../../projections/state.ts';
import type { Command } from '../decide/command.ts';
import type { decide } from '../decide/decide.ts';
import type { Context, Decision } from '../decide/decision.ts';

export interface Tamper {
  /** What a reader is given in place of the state. */
  readonly view?: (state: State) => State;
  /** Asked in place of `decide`, which it may ask in its turn. */
  readonly decide?: (real: typeof decide, state: State, ctx: Context, command: Command) => Decision;
  /** What a key is compared by, in place of the command (MA7). */
  readonly asked?: (command: Command) => Command;
  /** What becomes of facts that are about to be applied, of a command or of one rule; `batch`: what is applied already. */
  readonly facts?: (
    facts: readonly HoldfastFact[],
    state: State,
    batch: readonly HoldfastEvent[],
  ) => readonly HoldfastFact[];
}
