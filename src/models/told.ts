/** What an agent is told, in words of our own: who it is, how its fleet works, and who says what in its history. */
import type { HistoryItem } from '../../projections/history.ts';
import type { Sampling } from './port.ts';

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** The same for all samplings of an agent, so that servers can keep what they have read. */
export function instructionsOf({ path, cwd, role, instructions }: Sampling): string {
  const isRoot = path === '/root';
  const place = isRoot
    ? 'You are /root, the first agent of a fleet of agents that Holdfast runs. The operator gives you your tasks and reads your final answers.'
    : `You are ${path}, an agent of a fleet that Holdfast runs. ${parentOf(path)} has started you and gets your final answer as mail.`;
  const lines = [
    place,
    `Your working directory is ${cwd}.`,
    '',
    '- An answer without tool calls is final: it ends your turn. So go on calling tools until the task is done, or until you know why it cannot be.',
    '- Messages that begin with who they are from are mail of other agents, and may come between any two of your steps. All others are from the operator.',
    '- spawn_agent starts an agent below you that works beside you; its final answer comes to you as mail, and wait_agent waits for it. Before your own final answer, wait for those you still need.',
    '- exec_command answers with a session id when a command goes on running; write_stdin waits for more of its output.',
    '- When it is not known whether a call took effect, look before you make it again.',
  ];
  if (role !== undefined) lines.push('', `Your role is ${role}.`);
  if (instructions !== undefined) lines.push('', instructions);
  return lines.join('\n');
}

const heading: Readonly<Record<string, (from: string) => string>> = {
  spawn: (from) => `Task from ${from}:`,
  followup: (from) => `Task from ${from}:`,
  message: (from) => `Message from ${from}:`,
  completion: (from) => `Final answer of ${from}:`,
  notice: () => 'Notice of Holdfast:',
};

const plain = (text: unknown): string => (typeof text === 'string' ? text : '');

/** The text of an item that is not the model's own. */
export function told(item: Extract<HistoryItem, { kind: 'mail' | 'note' | 'summary' | 'result' }>): string {
  const text = plain(item.text);
  switch (item.kind) {
    case 'mail': {
      const head = heading[item.mailKind]?.(item.from);
      return head === undefined ? text : `${head}\n\n${text}`;
    }
    case 'note':
      return `Notice of Holdfast:\n\n${text}`;
    case 'summary':
      return `What happened before, in short, since it had become too long:\n\n${text}`;
    case 'result':
      if (item.outcome === 'indeterminate' && !/not known/.test(text))
        return `${text}\nIt is not known whether this took effect.`;
      return text;
  }
}
