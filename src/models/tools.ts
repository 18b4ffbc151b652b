/** The one table of tools as models are shown it: JSON Schema from the codecs, descriptions from the table. */
import { type JsonSchema, jsonSchema } from '../../events/jsonSchema.ts';
import { toolTable } from '../decide/tools/table.ts';

export interface FunctionTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
}

/** Accepted from those who know it from elsewhere, and without effect here: nobody has to learn of it. */
const unneeded = new Set([
  'fork_context',
  'service_tier',
  'environment_id',
  'sandbox_permissions',
  'justification',
  'prefix_rule',
]);

function shown({ $schema: _, properties, ...schema }: JsonSchema): Record<string, unknown> {
  const known = Object.entries((properties ?? {}) as Record<string, unknown>).filter(([name]) => !unneeded.has(name));
  return { ...schema, properties: Object.fromEntries(known) };
}

export const functionTools: readonly FunctionTool[] = Object.values(toolTable).map(({ name, description, args }) => ({
  name,
  description,
  parameters: shown(jsonSchema(args)),
}));
