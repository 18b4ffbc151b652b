/** What a turn of the picture waits for: mail, or the answer of a person. */
import { onlyWaits } from './cellPicture.ts';
import type { Call, Picture, RunningTurn } from './picture.ts';
import { callOf } from './questions.ts';

/** MA5, SL10: all its open calls are unanswered waits, or cells that only wait, and nothing of its list is undecided. */
export function inWait(turn: RunningTurn): boolean {
  if (turn.calls.size === 0 || turn.undecided.length > 0) return false;
  for (const { tool, cellId } of turn.calls.values()) {
    const cell = cellId === undefined ? undefined : turn.agent.cells.get(cellId);
    if (tool !== 'wait_agent' && (cell === undefined || !onlyWaits(cell))) return false;
  }
  return true;
}

/** AP5: it waits for people, and otherwise for mail alone. */
export function awaitsAnswer({ questions }: Picture, turn: RunningTurn): boolean {
  if (turn.undecided.length > 0) return false;
  const calls = [...turn.calls.values()];
  const asked = ({ id }: Call) => questions.calls.has(callOf({ turnId: turn.id, callId: id }));
  return calls.some(asked) && calls.every((call) => asked(call) || call.tool === 'wait_agent');
}
