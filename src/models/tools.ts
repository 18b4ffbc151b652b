/** The one table of tools as models are shown it: JSON Schema from the codecs, descriptions from the table. */
import { schemaOf } from '../decide/tools/schema.ts';
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

export const functionTools: readonly FunctionTool[] = Object.values(toolTable).map((tool) => ({
  name: tool.name,
  description: tool.description,
  parameters: schemaOf(tool, unneeded),
}));
