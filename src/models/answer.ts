/** What a server's answer comes to: calls whose ids may be missing and whose arguments may be no JSON, and answers that are cut short. */
import { Failure } from '../failure.ts';
import type { ModelItem } from './port.ts';

/** What cannot be read goes on as it is: the model is told so in the result of the call. */
function parsed(text: string): { readonly args: unknown; readonly invalid?: string } {
  if (text.trim() === '') return { args: {} };
  try {
    return { args: JSON.parse(text) as unknown };
  } catch (error) {
    return { args: text, invalid: `failed to parse function arguments: ${(error as Error).message}` };
  }
}

export function callOf(name: string, text: string, id: string): ModelItem {
  const { args, invalid } = parsed(text);
  if (invalid !== undefined) return { call: name, id, args, invalid };
  const source = name === 'exec' ? sourceIn(args) : undefined;
  return source === undefined ? { call: name, id, args } : { exec: source, id };
}

function sourceIn(args: unknown): string | undefined {
  if (typeof args !== 'object' || args === null || Object.keys(args).length !== 1) return undefined;
  const { source } = args as { readonly source?: unknown };
  return typeof source === 'string' ? source : undefined;
}

/** Of a call that came without an id: unique within its turn, since samplings are numbered. */
export const idOf = (given: string | undefined, n: number, index: number): string => given || `call_${n}_${index + 1}`;

/** Why the server stopped before the model did. */
export type CutShort = 'length' | 'filter';

const cutNotes: Readonly<Record<CutShort, string>> = {
  length: '[The answer was cut off at the limit of output tokens.]',
  filter: '[The server withheld the rest of the answer.]',
};

const speaks = (item: ModelItem): boolean => 'id' in item || ('say' in item && item.say.trim() !== '');

/** Every answer says something or calls something. Throws where the model came to neither. */
export function whole(items: readonly ModelItem[], cut?: CutShort): ModelItem[] {
  if (cut === 'length' && !items.some(speaks))
    throw new Failure(
      'HOLDFAST_MODEL_CUT',
      'the model has used all its output tokens before it said anything: raise maxOutputTokens',
      {
        remedy: 'raise maxOutputTokens of this model, or lower its effort',
      },
    );
  if (cut !== undefined) return [...items, { say: cutNotes[cut] }];
  return items.some((item) => !('reasoning' in item)) ? [...items] : [...items, { say: '' }];
}
