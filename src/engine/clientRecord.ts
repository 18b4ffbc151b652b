/** Calls of a client as the log has them: for whoever was not there when they ended. */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { fieldsOf } from '../../projections/toolOutput.ts';
import type { LogReader } from '../log/port.ts';
import type { RecordedResult } from './clientDoor.ts';
import { decoded } from './fold.ts';

export interface CallMade {
  readonly callId: string;
  readonly tool: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly outcome: string;
}

async function* eventsOf(log: LogReader, agentId: string): AsyncGenerator<HoldfastEvent, void, void> {
  for await (const page of log.readAgent(agentId)) for (const event of page) yield decoded(event);
}

/** The newest calls of a root, oldest first; `outcome` is `open` while it has none. */
export async function callsMade(log: LogReader, agentId: string, most: number): Promise<CallMade[]> {
  const calls = new Map<string, CallMade>();
  for await (const { type, data, at } of eventsOf(log, agentId)) {
    if (type === 'ToolCallStarted' && data.agentId === agentId) {
      calls.set(data.callId, { callId: data.callId, tool: data.tool, at, outcome: 'open' });
      if (calls.size > most) calls.delete(calls.keys().next().value!);
    } else if (type === 'ToolCallEnded' && data.agentId === agentId) {
      const call = calls.get(data.callId);
      if (call !== undefined) calls.set(data.callId, { ...call, outcome: data.outcome });
    }
  }
  return [...calls.values()];
}

/** Undefined when the call has not ended, or was never made. Mail that has gone back since goes with a later call. */
export async function callEnded(log: LogReader, agentId: string, callId: string): Promise<RecordedResult | undefined> {
  let tool = '';
  let ended: RecordedResult | undefined;
  const letters = new Map<string, RecordedResult['mail'][number]>();
  const given = new Set<string>();
  for await (const { type, data, position } of eventsOf(log, agentId)) {
    if (type === 'ToolCallStarted' && data.callId === callId) tool = data.tool;
    else if (type === 'ToolCallEnded' && data.callId === callId && data.agentId === agentId) {
      const { outcome, output } = data;
      const { text, images } = output;
      const fields = fieldsOf(output);
      ended = { callId, tool, outcome, text, mail: [], position, ...(fields && { fields }), ...(images && { images }) };
    } else if (type === 'MailAccepted' && data.to === agentId) {
      const { mailId, from, fromPath, kind, text } = data;
      letters.set(mailId, { mailId, from: fromPath ?? from, kind, text });
    } else if (type === 'MailConsumed' && data.callId === callId) given.add(data.mailId);
    else if (type === 'MailReturned' && data.agentId === agentId) given.delete(data.mailId);
  }
  return ended && { ...ended, mail: [...given].flatMap((mailId) => letters.get(mailId) ?? []) };
}
