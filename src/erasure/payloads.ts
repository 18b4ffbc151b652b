/** What of a log can be removed from the disk: long texts, output of processes, values of secrets. */
import { agentsOf } from '../../events/catalogue.ts';
import type { State } from '../../projections/state.ts';
import type { Payload } from '../decide/command.ts';
import { Failure } from '../failure.ts';
import { collect, type Named } from '../log/audit.ts';
import type { LogReader } from '../log/port.ts';

const secretName = /\[secret (s-\d+)\]/g;

/** Events that hold what people, models and programs said; long texts in them are payloads of their own. */
const telling: ReadonlySet<string> = new Set([
  'AgentSpawned',
  'MailAccepted',
  'ModelSampled',
  'ToolCallStarted',
  'ToolCallEnded',
  'HistoryCompacted',
  'ProcessRequested',
  'CellCreated',
  'CellOutput',
]);

export interface Left {
  readonly payloads: readonly Payload[];
  /** Events whose own texts stay: the hash chain covers them, so they go with the log only. */
  readonly staying: number;
}

/** Everything that the events about an agent name; what others got from it, or it from them, too. */
export async function leftBy(log: LogReader, agentId: string): Promise<Left> {
  const found = new Map<string, Payload>();
  let staying = 0;
  const add = (what: Payload['what'], id: string) => found.set(`${what}/${id}`, { what, id });
  for await (const page of log.readAgent(agentId)) {
    for (const event of page) {
      if (!agentsOf(event).includes(agentId)) continue;
      if (telling.has(event.type)) staying += 1;
      const named: Named[] = [];
      collect(event.data, event.position, named);
      for (const { sha256 } of named) add('blob', sha256);
      for (const [, name] of JSON.stringify(event.data).matchAll(secretName)) add('secret', name!);
      const { agentId: owner, processId } = event.data as { readonly agentId?: string; readonly processId?: number };
      if (event.type === 'ProcessRequested' && owner === agentId) add('output', String(processId));
    }
  }
  return { payloads: [...found.values()], staying };
}

/** A payload by its own id: SHA-256 of a blob, id of a process, name of a secret. Undefined: the text is none of these. */
export function payloadNamed(state: State, id: string): Payload | undefined {
  if (/^[0-9a-f]{64}$/.test(id)) return { what: 'blob', id };
  if (/^s-\d+$/.test(id)) return { what: 'secret', id };
  if (!/^\d+$/.test(id)) return undefined;
  if (state.processes.all[Number(id)] !== undefined) return { what: 'output', id };
  throw new Failure('HOLDFAST_NOT_FOUND', `the log has no process ${id}`, { remedy: '`holdfast ps --all` lists them' });
}
