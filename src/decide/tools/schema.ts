/** Arguments of a tool as JSON Schema, with what each of them is for: the same for models, clients and people. */
import type * as t from 'io-ts';
import { type JsonSchema, jsonSchema } from '../../../events/jsonSchema.ts';

export interface Described {
  readonly args: t.Mixed;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface ArgumentSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly [keyword: string]: unknown;
}

/** `without`: arguments that nobody has to learn of. */
export function schemaOf({ args, parameters }: Described, without: ReadonlySet<string> = new Set()): ArgumentSchema {
  const { $schema: _, title: __, properties, ...schema } = jsonSchema(args);
  const shown = Object.entries((properties ?? {}) as Record<string, JsonSchema>)
    .filter(([name]) => !without.has(name))
    .map(([name, property]) => [name, { ...property, description: parameters[name] }]);
  return { ...schema, type: 'object', properties: Object.fromEntries(shown) };
}
