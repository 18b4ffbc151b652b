/** What kind of line a line of a Claude Code session is: its type, and for messages what is in them. */
import type { Json } from '../record.ts';
import { listOf, objectOf, textOf } from '../shape.ts';

/** About the terminal, or said again elsewhere. */
const silent = new Set([
  'summary',
  'file-history-snapshot',
  'progress',
  'last-prompt',
  'ai-title',
  'custom-title',
  'agent-name',
  'mode',
  'permission-mode',
  'bridge-session',
  'worktree-state',
  'pr-link',
  'attachment',
  'assistant/thinking',
  'assistant/redacted_thinking',
  'user/meta',
]);

export const isSilent = (kind: string): boolean => silent.has(kind) || kind.startsWith('system/');

export function kindOf(value: Json): string {
  const type = textOf(value.type) ?? 'unknown';
  if (type === 'system') return `system/${textOf(value.subtype) ?? ''}`;
  if (type === 'queue-operation') return `${type}/${textOf(value.operation) ?? ''}`;
  if (type !== 'user' && type !== 'assistant') return type;
  const { content } = objectOf(value.message);
  const blocks = listOf(content).map((block) => textOf(objectOf(block).type) ?? 'unknown');
  if (type === 'user' && value.isMeta === true && !blocks.includes('tool_result')) return 'user/meta';
  if (blocks.includes('tool_result')) return `${type}/tool_result`;
  if (blocks.includes('tool_use')) return `${type}/tool_use`;
  return `${type}/${typeof content === 'string' ? 'text' : (blocks.find((b) => b === 'text') ?? blocks[0] ?? 'empty')}`;
}
