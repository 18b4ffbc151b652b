/** The tools that a client sees: those of every agent, from the one table, and views that change nothing. */
import type { Tool as McpTool } from '@modelcontextprotocol/sdk/types.js';
import * as t from 'io-ts';
import { closed, closedShape } from '../../events/closed.ts';
import { type JsonSchema, jsonSchema } from '../../events/jsonSchema.ts';
import { toolTable } from '../decide/tools/table.ts';
import type { ViewName } from '../serve/views.ts';

interface ViewTool {
  readonly name: ViewName;
  readonly description: string;
  readonly args: t.Mixed;
}

const viewTools: readonly ViewTool[] = [
  {
    name: 'status',
    description:
      'Your tree now: the name of your root, its agents with what they do, slots, running commands and cells, and what a person is asked. Changes nothing and takes no mail.',
    args: closed(t.type({}), 'status arguments'),
  },
  {
    name: 'why',
    description:
      'Explains why something is as it is, with the events that led to it. what: agent, slot, refusal, mail, process, cell or task; id: a path such as /root/builder, an id, or `last` for the newest refusal.',
    args: closed(t.type({ what: t.string, id: t.string }), 'why arguments'),
  },
  {
    name: 'events_since',
    description:
      'What has happened in your tree after a position of the log (0: from the start), oldest first; `next` is the position to go on from. wait_ms (at most 60000): waits for the next event when there is none. full: true adds the data of each event.',
    args: closedShape(
      {},
      { position: t.number, limit: t.number, wait_ms: t.number, full: t.boolean },
      'events_since arguments',
    ),
  },
  {
    name: 'result',
    description:
      'The result of an earlier call by its call_id, also of one that ended while you were not connected; without call_id your newest calls.',
    args: closedShape({}, { call_id: t.string }, 'result arguments'),
  },
];

export const viewNamed = (name: string): ViewTool | undefined => viewTools.find((view) => view.name === name);

const objects = { type: 'array', items: { type: 'object' } } as const;
const text = { type: 'string' } as const;

/** Fields of results that have the same few always. */
const fieldsOf: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  spawn_agent: { task_name: text },
  wait_agent: { message: text, timed_out: { type: 'boolean' }, from: { type: 'array', items: text } },
  list_agents: { agents: objects },
  list_processes: { processes: objects },
  status: { root: text, position: { type: 'number' }, slots: { type: 'object' }, agents: objects },
  events_since: { events: objects, next: { type: 'number' }, head: { type: 'number' } },
};

const readOnly: ReadonlySet<string> = new Set(['list_agents', 'list_processes', ...viewTools.map(({ name }) => name)]);

const inputOf = (args: t.Mixed): McpTool['inputSchema'] => {
  const { $schema: _, title: __, ...schema } = jsonSchema(args) as JsonSchema & { readonly type: 'object' };
  return schema;
};

function toolOf({ name, description, args }: { name: string; description: string; args: t.Mixed }): McpTool {
  const fields = fieldsOf[name];
  return {
    name,
    description,
    inputSchema: inputOf(args),
    // None is required: clients hold results that are errors against it as well.
    ...(fields !== undefined && { outputSchema: { type: 'object' as const, properties: fields } }),
    annotations: { readOnlyHint: readOnly.has(name), openWorldHint: false },
  };
}

export const tools: readonly McpTool[] = [...Object.values(toolTable), ...viewTools].map(toolOf);
