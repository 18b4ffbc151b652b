/** Output of a command stands once in the log, at the end of a result's text; its field `output` is read from there. */
import type { ToolOutput } from '../events/turn.ts';

/** The line that ends the head of such a text. */
const mark = '\nOutput:\n';
/** Longer texts lie in blobs, where no fold can read them (64 KiB, less some room for what takes the place of secrets). */
const bytesMax = 60 * 1024;

function tail(text: ToolOutput['text']): string | undefined {
  if (typeof text !== 'string') return undefined;
  const at = text.indexOf(mark);
  return at < 0 ? undefined : text.slice(at + mark.length);
}

/** As it goes into the log. */
export function stored(output: ToolOutput): ToolOutput {
  const { text, fields } = output;
  if (fields?.chunk_id === undefined || typeof text !== 'string' || text.length > bytesMax) return output;
  if (fields.output === undefined || fields.output !== tail(text) || new TextEncoder().encode(text).length > bytesMax)
    return output;
  const { output: _, ...rest } = fields;
  return { text, fields: rest };
}

/** Fields as models and scripts see them. */
export function fieldsOf({ text, fields }: ToolOutput): Record<string, unknown> | undefined {
  if (fields?.chunk_id === undefined || fields.output !== undefined) return fields;
  const output = tail(text);
  return output === undefined ? fields : { ...fields, output };
}
