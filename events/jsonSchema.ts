/** The JSON Schema (draft 2020-12) of a codec, for editors, other languages and people. */
import type * as t from 'io-ts';
import { type Algebra, foldCodec, type Leaf, type Member } from './fold.ts';
import { hintsOf } from './hints.ts';

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

interface ObjectSchema extends JsonSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

const leafSchemas: Readonly<Record<Leaf, JsonSchema>> = {
  string: { type: 'string' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  null: { type: 'null' },
  /** No JSON value is undefined: the member can only be absent. */
  undefined: { not: {} },
  unknown: {},
  anyRecord: { type: 'object' },
  anyArray: { type: 'array' },
};

const isObject = (schema: JsonSchema): schema is ObjectSchema => schema.type === 'object' && 'properties' in schema;

function objectSchema(members: readonly Member<JsonSchema>[]): ObjectSchema {
  const required = members.filter((m) => !m.optional).map((m) => m.key);
  const properties = Object.fromEntries(members.map((m) => [m.key, m.value]));
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

/** Records are merged into one schema, because `additionalProperties` sees only the properties beside it. */
function intersect(parts: readonly JsonSchema[]): JsonSchema {
  if (!parts.every(isObject)) return { allOf: parts };
  const keys = parts.flatMap((p) => Object.keys(p.properties));
  if (new Set(keys).size < keys.length || parts.some((p) => 'additionalProperties' in p)) return { allOf: parts };
  const required = parts.flatMap((p) => p.required ?? []);
  const properties = Object.assign({}, ...parts.map((p) => p.properties)) as Record<string, JsonSchema>;
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

/** Hints become keywords of the type they stand beside: a minimum of an array counts its items. */
function hinted(schema: JsonSchema, codec: t.Any): JsonSchema {
  const { pattern, minimum, maximum, integer, title, description } = hintsOf(codec);
  const items = schema.type === 'array';
  const text = schema.type === 'string';
  const least = items ? 'minItems' : text ? 'minLength' : 'minimum';
  const most = items ? 'maxItems' : text ? 'maxLength' : 'maximum';
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...schema,
    ...(integer === true && { type: 'integer' }),
    ...(pattern !== undefined && { pattern }),
    ...(minimum !== undefined && { [least]: minimum }),
    ...(maximum !== undefined && { [most]: maximum }),
  };
}

export function jsonSchema(codec: t.Any): JsonSchema {
  const definitions = new Map<string, JsonSchema>();
  const names = new Map<t.Any, string>();

  const nameFor = (recursive: t.Any): string => {
    const taken = new Set(names.values());
    let name = recursive.name;
    for (let n = 2; taken.has(name); n++) name = `${recursive.name}${n}`;
    names.set(recursive, name);
    return name;
  };
  const reference = (name: string): JsonSchema => ({
    $ref: `#/$defs/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
  });

  const algebra: Algebra<JsonSchema> = {
    leaf: (kind, c) => hinted(leafSchemas[kind], c),
    literal: (value, c) => hinted({ const: value }, c),
    keyof: (keys, c) => hinted({ type: 'string', enum: [...keys] }, c),
    array: (items, c) => hinted({ type: 'array', items }, c),
    record: (key, value, c) => {
      const anyKey = key.type === 'string' && Object.keys(key).length === 1;
      const keyed = anyKey
        ? { additionalProperties: value }
        : { patternProperties: { [String(key.pattern ?? '')]: value } };
      return hinted({ type: 'object', ...keyed }, c);
    },
    members: (members, c) => hinted(objectSchema(members), c),
    intersection: (parts, c) => hinted(intersect(parts), c),
    union: (anyOf, c) => hinted({ anyOf }, c),
    exact: (inner, _keys, c) =>
      hinted({ ...inner, [isObject(inner) ? 'additionalProperties' : 'unevaluatedProperties']: false }, c),
    refinement: (inner, _holds, c) => hinted(inner, c),
    recursion: (unfold, c) => {
      const known = names.get(c);
      if (known !== undefined) return reference(known);
      const name = nameFor(c);
      definitions.set(name, {});
      definitions.set(name, unfold());
      return reference(name);
    },
  };

  const schema = foldCodec(codec, algebra);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...schema,
    ...(definitions.size > 0 && { $defs: Object.fromEntries(definitions) }),
  };
}
