/** One event as one line for people: `#position time type who: what`. */
import type { DataOf, EventType, HoldfastEvent } from '../../events/catalogue.ts';
import type { Text } from '../../events/fact.ts';
import type { Item } from '../../events/turn.ts';
import { cut, moment, oneLine, pad, short } from './line.ts';
import type { Names } from './names.ts';

/** Texts of people and models take at most this many columns of a line; the whole is in the JSON. */
const textColumnsMax = 120;

/** Of a long text only this much is looked at: spaces in it may yet come together. */
const textLengthMax = 4 * textColumnsMax;

const beginning = (value: string): string => cut(oneLine(value.slice(0, textLengthMax)), textColumnsMax);
const text = (value: Text): string => (typeof value === 'string' ? `"${beginning(value)}"` : `(${value.bytes} bytes)`);
const json = (value: unknown): string => beginning(JSON.stringify(value) ?? '');
const end = ({ code, signal }: { readonly code: number | null; readonly signal: string | null }): string =>
  signal === null ? `code ${code}` : signal;

/** In a table a text takes at most this many columns. */
export const cellColumnsMax = 80;

/** How a text begins, or how large it is where it lies outside the events. */
export const beginningOf = (value: Text): string =>
  cut(oneLine(typeof value === 'string' ? value : `(${value.bytes} bytes)`), cellColumnsMax);

/** A command for the shell as it was given, any other word by word. */
export const commandText = (command: readonly string[]): string =>
  command.length === 3 && /^-l?c$/.test(command[1]!) ? command[2]! : command.join(' ');

function spoken(item: Item): string {
  if ('say' in item) return `say ${text(item.say)}`;
  if ('call' in item) return `${item.call} ${json(item.args)}`;
  return 'exec' in item ? 'exec' : `think ${text(item.reasoning)}`;
}

type Holders = DataOf<'SlotRefused'>['holders'];
const held = (holders: Holders, n: Names): string =>
  holders.length === 0
    ? ''
    : `, held by ${holders.map((h) => `${n.of(h.agentId)}${h.processId === undefined ? '' : ` ${h.processId}`} (#${h.since})`).join(', ')}`;

type Say = { readonly [K in EventType]: (data: DataOf<K>, names: Names) => string };

const said: Say = {
  FleetOpened: (d) =>
    `fleet ${d.fleetId}: activeTurns ${d.limits.activeTurns} (${d.limits.whenFull}), residents ${d.limits.residents}`,
  EngineStarted: (d) => `process ${d.pid}, holdfast ${d.version}`,
  EngineStopped: (d) => d.reason,
  LimitsChanged: (d) => json(d.limits),
  PayloadForgotten: (d) => `${d.what} ${short(d.id)}: ${oneLine(d.reason)}`,
  CommandAnswered: (d) => `key ${d.key}: ${d.refusal === undefined ? 'done' : 'refused'}`,
  LimitRefused: (d, n) => `${d.limit} is ${d.number}${held(d.holders, n)}; refusal ${short(d.refusalId)}`,
  AgentSpawned: (d, n) =>
    `${d.client === true ? 'a root for a client' : d.parentId === undefined ? 'a root' : `by ${n.of(d.parentId)}`}, model ${d.model}${d.role === undefined ? '' : `, role ${d.role}`}${d.forkedFrom === undefined ? '' : `, forked at #${d.forkedFrom.position}`}`,
  AgentLoaded: (d) => d.reason,
  AgentEvicted: (d, n) => `${d.reason}${d.wantedBy === undefined ? '' : `, to make room for ${n.of(d.wantedBy)}`}`,
  UnloadAbandoned: (d) => `after ${d.afterMs} ms`,
  AgentClosed: (d) => d.reason,
  ClientJoined: (d) =>
    `${oneLine(d.software)} ${oneLine(d.version ?? '')}, connection ${short(d.connectionId)}${d.sampling === undefined ? '' : `, answers for agents (${d.sampling})`}`,
  ClientLeft: (d) => `connection ${short(d.connectionId)}: ${oneLine(d.reason)}`,
  UsageRecorded: (d) => `${d.inputTokens} tokens in, ${d.outputTokens} out`,
  SlotReserved: (d) => `slot ${short(d.reservationId)} for ${d.purpose}`,
  SlotCommitted: (d) =>
    `slot ${short(d.reservationId)}${d.turnId === undefined ? ' to the agent' : ` to turn ${short(d.turnId)}`}`,
  SlotReleased: (d) => `slot ${short(d.reservationId)}: ${d.reason}`,
  SlotRefused: (d, n) =>
    `${d.agentId === undefined && d.path !== undefined ? `${d.path}: ` : ''}${d.limit} is ${d.number}${held(d.holders, n)}; refusal ${short(d.refusalId)}`,
  TurnQueued: (d) => `for ${d.purpose}, ${d.ahead} ahead`,
  TurnDequeued: (d) => d.reason,
  MailAccepted: (d, n) =>
    `${d.kind}${d.trigger ? ' (trigger)' : ''} ${short(d.mailId)} from ${d.fromPath ?? n.of(d.from)}: ${text(d.text)}`,
  MailConsumed: (d) =>
    `${short(d.mailId)} by turn ${short(d.turnId)}${d.callId === undefined ? '' : ` with the result of ${short(d.callId)}`}`,
  MailReturned: (d) => `${short(d.mailId)} from turn ${short(d.turnId)}`,
  MailRejected: (d) => `${short(d.mailId)}: ${d.reason}`,
  TurnStarted: (d) => `turn ${short(d.turnId)} with ${d.mailIds.length} mail`,
  ModelSampled: (d) => `${d.n}: ${d.items.map(spoken).join('; ')}`,
  SamplingEnded: (d) =>
    `${d.n}: ${d.outcome}${d.error === undefined ? '' : ` (${d.error})`}${d.retryInMs === undefined ? '' : `, again in ${d.retryInMs} ms`}${d.overflow ? ', a summary is asked for' : ''}`,
  ToolCallStarted: (d) => `${d.callId} ${d.tool} ${json(d.args)}`,
  ToolCallEnded: (d) => `${d.callId} ${d.outcome}: ${text(d.output.text)}`,
  TurnParked: (d) =>
    `turn ${short(d.turnId)}${d.until === undefined ? ' for the answer of a person' : ` until ${moment(d.until)}`}`,
  TurnUnparked: (d) => `turn ${short(d.turnId)}: ${d.by}`,
  TurnResumed: (d) => `turn ${short(d.turnId)}, open calls: ${d.calls.length === 0 ? 'none' : d.calls.join(', ')}`,
  HistoryCompacted: (d) => `up to #${d.upTo}: ${text(d.summary)}`,
  TurnCompleted: (d) => text(d.message),
  TurnFailed: (d) => d.error,
  TurnInterrupted: (d) => d.reason,
  WorkspaceRequested: (d) => `worktree of ${d.repo} at ${d.branch}`,
  WorkspaceMade: (d) => `${d.path} at ${d.base.slice(0, 12)}`,
  WorkspaceFailed: (d) => d.error,
  WorkspaceReleased: (d) => `${d.outcome}: ${d.why}`,
  BudgetChanged: (d) => json(d.budget),
  ApprovalAsked: (d) => `approval ${d.approvalId}: ${text(d.what)} (${d.why})`,
  ApprovalAnswered: (d) =>
    `approval ${d.approvalId}: ${d.answer}${d.reason === undefined ? '' : ` (${d.reason})`}${d.always === undefined ? '' : `, from now on ${d.always.join(', ')}`}`,
  ProcessRequested: (d) => `${d.processId}${d.tty ? ' (terminal)' : ''}: ${beginning(commandText(d.command))}`,
  ProcessStarted: (d) => `${d.processId} is pid ${d.pid}`,
  ProcessLaunchFailed: (d) => `${d.processId}: ${d.error}`,
  ProcessWritten: (d) =>
    `${d.processId}: ${d.bytes} bytes${d.writtenBy === 'operator' ? ' typed by the operator' : ''}`,
  ProcessDetached: (d) => `${d.processId}: ${d.reason}`,
  ProcessReattached: (d) => `${d.processId} by ${d.reattachedBy}`,
  ReattachSkipped: (d, n) => `${d.processId} is held by ${n.of(d.holder)}`,
  ProcessStopRequested: (d) => `${d.processId}: ${d.reason}`,
  ProcessExited: (d) => `${d.processId}: ${end(d)}, ${d.outputBytes} bytes of output`,
  ProcessTerminated: (d) => `${d.processId}: ${end(d)}, ${d.outputBytes} bytes of output`,
  IdentityRegistrationStarted: (d) => `identity ${d.identityEpoch}, attempt ${d.attempt}, for ${d.origin}`,
  IdentityRegistrationFailed: (d) => `${d.error}${d.willRetry ? ', once more' : ''}`,
  IdentityRegistered: (d) => `identity ${d.identityEpoch} is ${d.runtimeId} of account ${d.accountId}`,
  IdentityCleared: (d) =>
    `identity ${d.identityEpoch}, ${d.runtimeId}: ${d.reason}${d.error === undefined ? '' : ` (${d.error})`}`,
  TaskRegistrationStarted: (d) => `for ${d.origin}, attempt ${d.attempt}, under ${d.runtimeId}`,
  TaskRegistrationFailed: (d) => `${d.error}${d.willRetry ? ', once more' : ''}`,
  TaskBound: (d) =>
    `task ${d.taskId} under ${d.runtimeId}${d.expiresAt === undefined ? '' : `, until ${moment(d.expiresAt)}`}`,
  TaskCleared: (d) => `task ${d.taskId}: ${d.reason}${d.error === undefined ? '' : ` (${d.error})`}`,
  SourceFound: (d) =>
    `source ${d.file}: ${d.name} (${d.from} ${d.key})${d.policy === undefined ? '' : `, slots by ${d.policy}`}`,
  SourceRead: (d) => `source ${d.file}: read up to byte ${d.bytes}`,
  DefectFound: (d) => `source ${d.file}: ${d.defect}, ${d.bytes} bytes: ${d.handled}`,
  RecordKept: (d) => `source ${d.file}: ${d.kind} ${beginning(d.text)}`,
  CellCreated: (d) => `cell ${d.cellId}, ${d.policy}: ${text(d.source)}`,
  CellToolRequested: (d) => `cell ${d.cellId} ${d.callId} ${d.tool} ${json(d.args)}`,
  CellToolStarted: (d) => `cell ${d.cellId} ${d.callId}`,
  CellToolEnded: (d) => `cell ${d.cellId} ${d.callId} ${d.outcome}: ${text(d.output.text)}`,
  CellTimerFired: (d) => `cell ${d.cellId} timer ${d.timerId}`,
  CellOutput: (d) => `cell ${d.cellId}: ${d.items.length} items, ${d.offset} so far`,
  CellYielded: (d) => `cell ${d.cellId} at item ${d.offset}`,
  CellDrained: (d) =>
    `cell ${d.cellId} drain ${d.drain}: ${d.calls} calls, ${d.timers.length} timers${d.quiet === undefined ? '' : `, after ${d.quiet} that did nothing`}`,
  FrontierReached: (d) =>
    `cell ${d.cellId} generation ${d.generation}, waits for ${d.pending.length === 0 ? 'no call' : d.pending.join(', ')}`,
  FrontierObserved: (d) => `cell ${d.cellId} generation ${d.generation} by ${d.observedBy}`,
  ResumeRequested: (d) => `cell ${d.cellId} generation ${d.generation} by ${d.requestedBy}`,
  FrontierResumed: (d) => `cell ${d.cellId} generation ${d.generation}`,
  ResumeFailed: (d) => `cell ${d.cellId} generation ${d.generation}: ${d.reason}`,
  CellCompleted: (d) =>
    `cell ${d.cellId} ${d.error === undefined ? 'succeeded' : `failed: ${text(d.error.text)}`}${d.processes.length > 0 ? `, leaves ${d.processes.join(', ')} running` : ''}${d.conflicts.length > 0 ? `, conflicts: ${d.conflicts.join(', ')}` : ''}`,
  CellTerminated: (d) => `cell ${d.cellId}: ${d.reason}`,
  CellLost: (d) =>
    `cell ${d.cellId}: ${d.reason}${d.difference === undefined ? '' : ` (drain ${d.difference.drain}, ${d.difference.what})`}`,
  StoreCommitted: (d) => `cell ${d.cellId}: ${Object.keys(d.writes).join(', ')}`,
  ProcessLost: (d) => `${d.processId}: ${d.reason}${d.wasAlive ? ' (ended now)' : ''}`,
};

/** Who an event is about; undefined for the fleet as a whole. */
export function subjectOf({ type, data }: HoldfastEvent): string | undefined {
  if (type === 'MailAccepted') return data.to;
  return 'agentId' in data && typeof data.agentId === 'string' ? data.agentId : undefined;
}

/** `who: what`, without place and time. */
export function sentence(event: HoldfastEvent, names: Names): string {
  const who = subjectOf(event);
  const what = oneLine((said[event.type] as (data: unknown, names: Names) => string)(event.data, names));
  const mark = event.data.imported?.mark;
  const sure = mark === undefined || mark === 'written' ? '' : ` (${mark})`;
  return `${who === undefined ? '' : `${names.of(who)}: `}${what}${sure}`;
}

/** Types are padded to this width: longer ones are rare. */
const typeColumns = 17;

export const line = (event: HoldfastEvent, names: Names): string =>
  `#${event.position} ${moment(event.at)} ${pad(event.type, typeColumns)} ${sentence(event, names)}`;
