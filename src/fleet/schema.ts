/** The published JSON Schema of the fleet file; `fixtures/fleet.schema.json` is this, held equal by a test. */
import { FleetFile } from '../../events/fleetFile.ts';
import { type JsonSchema, jsonSchema } from '../../events/jsonSchema.ts';

export function fleetSchema(): JsonSchema {
  const { $schema, ...schema } = jsonSchema(FleetFile);
  const description = 'A fleet of agents: who begins, with which models, under which limits.';
  return { $schema, title: 'Holdfast fleet file', description, ...schema };
}
