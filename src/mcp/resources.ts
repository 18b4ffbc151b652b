/** What a client can read as resources: its agents, the log of its tree, and the output of its commands. */
import type { ReadResourceResult, Resource, ResourceTemplate } from '@modelcontextprotocol/sdk/types.js';
import { Failure } from '../failure.ts';
import { readSpool } from '../host/spoolReader.ts';
import type { Acting } from './acting.ts';

type Content = ReadResourceResult['contents'][number];

interface Status {
  readonly processes: readonly { readonly session_id: number; readonly agent: string; readonly command: string }[];
}

const json = 'application/json';

export async function resources(acting: Acting): Promise<Resource[]> {
  const { processes } = (await acting.view('status', {})) as Status;
  return [
    { uri: 'holdfast://status', name: 'status', description: 'Your tree now', mimeType: json },
    { uri: 'holdfast://log/0', name: 'log', description: 'What has happened in your tree', mimeType: json },
    ...processes.map(({ session_id, agent, command }) => ({
      uri: `holdfast://processes/${session_id}/output`,
      name: `output of ${session_id}`,
      description: `${agent}: ${command}`,
      mimeType: 'text/plain',
    })),
  ];
}

export const resourceTemplates: ResourceTemplate[] = [
  {
    uriTemplate: 'holdfast://log/{position}',
    name: 'log',
    description: 'Up to 500 events of your tree after a position',
    mimeType: json,
  },
  {
    uriTemplate: 'holdfast://why/{what}/{id}',
    name: 'why',
    description: 'The events that explain an agent, a slot, a refusal, a mail, a process or a cell',
    mimeType: json,
  },
  {
    uriTemplate: 'holdfast://processes/{session_id}/output',
    name: 'output',
    description: 'The end of what a command of your tree has printed',
    mimeType: 'text/plain',
  },
];

/** The end of long output is what matters; the whole of it is on the disk. */
const outputBytesMax = 256 * 1024;

async function outputOf(acting: Acting, dir: string, session_id: string): Promise<string> {
  const { processId } = (await acting.view('process', { session_id })) as { readonly processId: number };
  const size = readSpool(dir, processId, 0, 0)?.size ?? 0;
  const parts: Uint8Array[] = [];
  for (let at = Math.max(0, size - outputBytesMax); at < size; ) {
    const slice = readSpool(dir, processId, at, size - at);
    if (slice === undefined || slice.to <= at) break;
    parts.push(slice.bytes);
    at = slice.to;
  }
  return Buffer.concat(parts).toString('utf8');
}

export async function resourceAt(acting: Acting, dir: string, uri: string): Promise<Content> {
  const [room = '', ...rest] = uri.replace(/^holdfast:\/\//, '').split('/');
  const document = async (value: Promise<unknown>): Promise<Content> => ({
    uri,
    mimeType: json,
    text: JSON.stringify(await value, null, 1),
  });
  if (room === 'status') return document(acting.view('status', {}));
  if (room === 'log') return document(acting.view('events_since', { position: Number(rest[0]), limit: 500 }));
  if (room === 'why')
    return document(acting.view('why', { what: rest[0], id: decodeURIComponent(rest.slice(1).join('/')) }));
  if (room === 'processes' && rest[1] === 'output')
    return { uri, mimeType: 'text/plain', text: await outputOf(acting, dir, rest[0] ?? '') };
  throw new Failure('HOLDFAST_NOT_FOUND', `there is no resource ${uri}`, { remedy: 'list the resources' });
}
