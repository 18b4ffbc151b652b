/** The tools that a client sees: those of every agent, from the one table, and views that change nothing. */
import type { Tool as McpTool } from '@modelcontextprotocol/sdk/types.js';
import * as t from 'io-ts';
import { closed, closedShape } from '../../events/closed.ts';
import { type Described, schemaOf } from '../decide/tools/schema.ts';
import { toolTable } from '../decide/tools/table.ts';
import type { ViewName } from '../serve/views.ts';

interface ViewTool extends Described {
  readonly name: ViewName;
  readonly description: string;
}

const viewTools: readonly ViewTool[] = [
  {
    name: 'status',
    description:
      'Your tree now: the name of your root, its agents with what they do, slots, running commands and cells, and what a person is asked. Changes nothing and takes no mail.',
    args: closed(t.type({}), 'status arguments'),
    parameters: {},
  },
  {
    name: 'why',
    description: 'Explains why something is as it is, with the events that led to it.',
    args: closed(t.type({ what: t.string, id: t.string }), 'why arguments'),
    parameters: {
      what: 'agent, slot, refusal, mail, process, cell, task or approval.',
      id: 'A path such as /root/builder, an id, or `last` for the newest refusal.',
    },
  },
  {
    name: 'events_since',
    description:
      'What has happened in your tree after a position of the log, oldest first; `next` is the position to go on from.',
    args: closedShape(
      {},
      { position: t.number, limit: t.number, wait_ms: t.number, full: t.boolean },
      'events_since arguments',
    ),
    parameters: {
      position: 'Where to go on from. Default: 0, the beginning.',
      limit: 'How many events at most. Default: 100.',
      wait_ms: 'How long to wait for the next event when there is none, in milliseconds (at most 60000). Default: 0.',
      full: 'true: with the data of each event.',
    },
  },
  {
    name: 'result',
    description:
      'The result of an earlier call by its call_id, also of one that ended while you were not connected; without call_id your newest calls.',
    args: closedShape({}, { call_id: t.string }, 'result arguments'),
    parameters: { call_id: 'As the result of the call has it.' },
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

type Shown = Described & { readonly name: string; readonly description: string; readonly reads?: true };

function toolOf(tool: Shown): McpTool {
  const { name, description, reads = false } = tool;
  const fields = fieldsOf[name];
  return {
    name,
    description,
    inputSchema: schemaOf(tool),
    // None is required: clients hold results that are errors against it as well.
    ...(fields !== undefined && { outputSchema: { type: 'object' as const, properties: fields } }),
    annotations: { readOnlyHint: reads, openWorldHint: false },
  };
}

export const tools: readonly McpTool[] = [
  ...Object.values(toolTable),
  ...viewTools.map((view) => ({ ...view, reads: true as const })),
].map(toolOf);
