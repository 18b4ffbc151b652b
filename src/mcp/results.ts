/** Results as the protocol has them: text for models, fields for programs, and the mail that came in with both (MC5). */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { Outcome } from '../../events/turn.ts';
import type { CallResult, ClientMail } from '../engine/clientDoor.ts';
import { Failure } from '../failure.ts';
import { imageIn } from '../models/outgoing.ts';

const letter = ({ from, kind, text }: ClientMail): string => `From ${from} (${kind}):\n${text}`;

/** For results whose tool names no code of its own. */
const codes: Readonly<Record<Exclude<Outcome, 'ok'>, readonly [code: string, remedy: string]>> = {
  error: ['HOLDFAST_CALL_FAILED', 'mend what the text names and call again'],
  refused: ['HOLDFAST_REFUSED', '`why` with what: refusal and id: last says what would have to be free'],
  cancelled: ['HOLDFAST_CANCELLED', 'what it had started goes on: `status` shows it'],
  indeterminate: ['HOLDFAST_INDETERMINATE', 'look what was done before you do it again'],
};

function troubleOf(outcome: Outcome) {
  if (outcome === 'ok') return {};
  const [code, remedy] = codes[outcome];
  return { code, remedy, outcome };
}

/** An error of a tool is a result that says so: the model reads it and can mend what it asked for. */
export function resultOf({ callId, outcome, text, fields, images = [], mail }: CallResult): CallToolResult {
  const structured = {
    ...troubleOf(outcome),
    ...fields,
    ...(mail.length > 0 && {
      mail: mail.map(({ mailId, from, kind, text }) => ({ mail_id: mailId, from, kind, text })),
    }),
    call_id: callId,
  };
  const content = [
    { type: 'text' as const, text: text === '' ? 'done' : text },
    ...images.flatMap(({ imageUrl }) => {
      const image = imageIn(String(imageUrl));
      return image === undefined ? [] : [{ type: 'image' as const, ...image }];
    }),
    ...(mail.length > 0
      ? [{ type: 'text' as const, text: `New mail for you:\n\n${mail.map(letter).join('\n\n')}` }]
      : []),
  ];
  return { content, structuredContent: structured, ...(outcome !== 'ok' && { isError: true }) };
}

export const viewed = (value: unknown): CallToolResult => ({
  content: [{ type: 'text', text: JSON.stringify(value) }],
  structuredContent: value as Record<string, unknown>,
});

/** What went wrong outside any tool: code, sentence and remedy. */
export function failed(error: unknown): CallToolResult {
  const { code, message, remedy, details } =
    error instanceof Failure
      ? error
      : new Failure('HOLDFAST_DEFECT', error instanceof Error ? error.message : String(error), {
          remedy: 'report this; HOLDFAST_DEBUG=1 shows where it happened',
        });
  const text = `${code}  ${message}${remedy === undefined ? '' : `\nremedy: ${remedy}`}`;
  return {
    content: [{ type: 'text', text }],
    structuredContent: { code, message, ...(remedy !== undefined && { remedy }), details: { ...details } },
    isError: true,
  };
}
