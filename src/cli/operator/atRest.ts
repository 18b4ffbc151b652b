/** Commands of the operator that work on a fleet at rest, too: its log is opened for that alone, and no turn goes on. */
import type { Command } from '../../decide/command.ts';
import { decide } from '../../decide/decide.ts';
import type { Context } from '../../decide/decision.ts';
import { openFleet, type Result } from '../../fleet.ts';
import { oneLine } from '../../words/line.ts';
import { stateAt } from '../opened.ts';
import type { Setting } from '../setting.ts';
import { answerOf, ask } from './operate.ts';

/** Decided on the state alone: what would be refused is refused without opening the log. */
const idle: Context = { at: 0, by: 'operator', id: () => '' as never, hostId: '' };

async function atRest<A>(dir: string, command: Command): Promise<Result<A>> {
  const decision = decide(await stateAt(dir), idle, command);
  if (decision._tag === 'Left') return { ok: false, refusal: decision.left };
  const fleet = await openFleet({ log: dir, turns: 'stay' });
  try {
    return await fleet.life.engine.submit<A>(command, { by: 'operator' });
  } finally {
    await fleet.stop('opened for one command');
  }
}

/** `verb`: what the control socket calls it; its arguments are those of the command. True when the fleet runs. */
export async function actAnywhere<A>(
  { dir, out }: Setting,
  verb: string,
  command: Command,
  text: (answer: A, runs: boolean) => string,
): Promise<void> {
  const { do: _, ...args } = command;
  const asked = await ask(dir, verb, args);
  const answer = answerOf(asked ?? (await atRest<A>(dir, command))) as A;
  await out.show(answer, () => [oneLine(text(answer, asked !== undefined))]);
}
