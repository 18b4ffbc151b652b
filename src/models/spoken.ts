/** Calls of tools in plain text, for models that are reached by text only: how to write them, and how to read them. */
import { callOf, idOf } from './answer.ts';
import { argumentsText, type Outgoing } from './outgoing.ts';
import type { ModelItem } from './port.ts';
import { functionTools } from './tools.ts';

const open = '<tool_call>';
const close = '</tool_call>';

export const howToCall = (): string =>
  [
    `To call a tool, write ${open}{"name": NAME, "arguments": {…}}${close} with the arguments as JSON; several calls in one answer run side by side. Write nothing after them: their results come as the next message, each in <tool_result name="NAME"> … </tool_result>. An answer without ${open} is final.`,
    '',
    'The tools, each with the JSON Schema of its arguments:',
    ...functionTools.map(
      ({ name, description, parameters }) => `- ${name}: ${description} ${JSON.stringify(parameters)}`,
    ),
  ].join('\n');

interface Spoken {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

function partOf(item: Outgoing): string {
  switch (item.is) {
    case 'user':
    case 'say':
      return item.text;
    case 'call':
      return `${open}{"name": ${JSON.stringify(item.tool)}, "arguments": ${argumentsText(item.args)}}${close}`;
    case 'result':
      return `<tool_result name="${item.tool}">\n${item.text}\n</tool_result>`;
    case 'reasoning':
      return '';
  }
}

/** One message for what the model said in a row, one for what it was told. */
export function spokenAs(items: readonly Outgoing[]): Spoken[] {
  const messages: { role: Spoken['role']; parts: string[] }[] = [];
  for (const item of items) {
    const text = partOf(item);
    if (text === '') continue;
    const role = 'at' in item ? 'assistant' : 'user';
    const newest = messages.at(-1);
    if (newest?.role === role) newest.parts.push(text);
    else messages.push({ role, parts: [text] });
  }
  return messages.map(({ role, parts }) => ({ role, text: parts.join('\n\n') }));
}

const pattern = new RegExp(`${open}([\\s\\S]*?)(?:${close}|$)`, 'g');

/** What was written between the marks and is no call goes on as one that cannot be read: the model is told so. */
function callIn(written: string, id: string): ModelItem {
  const unreadable = (why: string): ModelItem => ({
    ...{ call: 'tool_call', id, args: written, invalid: `failed to parse the call: ${why}` },
  });
  try {
    const { name, arguments: args = {} } = JSON.parse(written) as { name?: unknown; arguments?: unknown };
    return typeof name === 'string' ? callOf(name, JSON.stringify(args), id) : unreadable('it has no name');
  } catch (error) {
    return unreadable((error as Error).message);
  }
}

export function callsIn(text: string, n: number): ModelItem[] {
  const calls = [...text.matchAll(pattern)].map(([, written = ''], i) => callIn(written, idOf(undefined, n, i)));
  const said = text.replace(pattern, '').trim();
  return said === '' && calls.length > 0 ? calls : [{ say: said }, ...calls];
}
