/** Commands of the operator that work on a fleet at rest, too. */
import type { Command } from '../../decide/command.ts';
import { oneLine } from '../../words/line.ts';
import type { Setting } from '../setting.ts';
import { answerOf, ask } from './operate.ts';

/** `verb`: what the control socket calls it; its arguments are those of the command. `text` is told whether the fleet runs. */
export async function actAnywhere<A>(
  { dir, out }: Setting,
  verb: string,
  command: Command,
  text: (answer: A, runs: boolean) => string,
): Promise<void> {
  const { do: _, ...args } = command;
  const asked = await ask(dir, verb, args);
  const answer = answerOf(asked ?? (await (await import('./atRest.ts')).actAtRest<A>(dir, command))) as A;
  await out.show(answer, () => [oneLine(text(answer, asked !== undefined))]);
}
