/** Keys that answer questions while a fleet is shown: the terminal gives single keys only as long as a question stands there. */
import type { Approval } from '../../../projections/approval.ts';
import type { ApprovalAnswer } from '../../decide/command.ts';
import { beginningOf } from '../../words/describe.ts';
import { oneLine } from '../../words/line.ts';

/** Waits until a person can have read the question: a key that was meant for the one before it, or for nothing, is no answer. */
const readMs = 700;

const ctrlC = '\u0003';
const answers: Readonly<Record<string, ApprovalAnswer>> = { y: 'allow', n: 'deny', a: 'always' };

/** What stands below the agents: the oldest question, and how to answer it. */
export function questionLines(open: readonly Approval[], path: string): string[] {
  const [asked] = open;
  if (asked === undefined) return [];
  const { approvalId, what, why, justification, always } = asked;
  const more = open.length > 1 ? `   ${open.length - 1} more after it` : '';
  const said = justification === undefined ? '' : `  "${oneLine(justification)}"`;
  const forGood = always === undefined ? '' : `   a always: ${always.map(oneLine).join(', ')}`;
  return [
    `? ${approvalId}  ${path} asks to run  ${beginningOf(what)}`,
    `  ${why}${said}`,
    `  y allow once   n deny${forGood}${more}`,
  ];
}

export class Asking {
  readonly #answer: (approvalId: string, answer: ApprovalAnswer) => void;
  #shown: { readonly approvalId: string; readonly always: boolean; readonly at: number } | undefined;
  readonly #pressed = (keys: Buffer) => this.#press(keys.toString());

  constructor(answer: (approvalId: string, answer: ApprovalAnswer) => void) {
    this.#answer = answer;
  }

  /** The question that stands on the screen now; undefined: none does. */
  show(asked: Approval | undefined): void {
    if (asked?.approvalId === this.#shown?.approvalId) return;
    const before = this.#shown;
    this.#shown = asked && { approvalId: asked.approvalId, always: asked.always !== undefined, at: Date.now() };
    const { stdin } = process;
    if (before === undefined) {
      stdin.setRawMode(true);
      stdin.on('data', this.#pressed).resume();
    } else if (asked === undefined) {
      stdin.off('data', this.#pressed).pause();
      stdin.setRawMode(false);
    }
  }

  #press(keys: string): void {
    // The terminal makes no signal of it now.
    if (keys.includes(ctrlC)) process.kill(process.pid, 'SIGINT');
    const answer = Object.hasOwn(answers, keys) ? answers[keys] : undefined;
    const shown = this.#shown;
    if (shown === undefined || answer === undefined || Date.now() - shown.at < readMs) return;
    if (answer === 'always' && !shown.always) return;
    this.#answer(shown.approvalId, answer);
  }
}
