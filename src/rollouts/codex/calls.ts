/** Tool calls of Codex rollouts and what came of them; commands are processes, too. */
import type { Outcome } from '../../../events/turn.ts';
import {
  launchFailed,
  nextProcess,
  processEnded,
  processNumbered,
  processOfCall,
  requestProcess,
  runsOn,
  written,
} from '../processes.ts';
import type { Json } from '../record.ts';
import { argumentsOf, contentText, listOf, numberOf, objectOf, textOf } from '../shape.ts';
import { clipped, clippedIn } from '../text.ts';
import { cellAnswered, cellObserved, createCell } from './cells.ts';
import { sampling } from './sampling.ts';
import type { Thread } from './thread.ts';
import { ensureTurn } from './turns.ts';

const commands = new Set(['exec_command', 'shell', 'local_shell', 'container.exec', 'shell_command']);

const wordsOf = (value: unknown): string[] | undefined => {
  const words = listOf(value).flatMap((word) => textOf(word) ?? []);
  return words.length > 0 ? words.map((word) => clipped(word)) : undefined;
};

function commandOf(args: Json): string[] {
  const line = textOf(args.cmd) ?? textOf(args.command);
  return line === undefined
    ? (wordsOf(args.command) ?? ['(unknown)'])
    : [textOf(args.shell) ?? 'sh', '-c', clipped(line)];
}

export function called(thread: Thread, payload: Json): void {
  const { retelling, agentId } = thread;
  const callId = textOf(payload.call_id) ?? textOf(payload.id);
  if (callId === undefined) return;
  const tool = textOf(payload.name) ?? textOf(payload.type) ?? 'unknown';
  const given = payload.arguments ?? payload.input ?? payload.action;
  const args = clippedIn(argumentsOf(given));
  ensureTurn(thread);
  if (retelling.turn(agentId) === undefined) {
    retelling.defect({ defect: 'a call outside of a turn', bytes: 0, handled: 'left out' });
    return;
  }
  const n = sampling(thread);
  retelling.sample(agentId, [{ args, call: tool, id: callId }], n);
  const { at } = retelling.ledger.place;
  const isCommand = commands.has(tool);
  const timeout = tool === 'wait_agent' ? numberOf(objectOf(args).timeout_ms) : undefined;
  retelling.startCall(agentId, callId, tool, args, {
    ...(timeout !== undefined && { until: at + timeout }),
    ...(isCommand && { processId: nextProcess(retelling) }),
  });
  const told = objectOf(args);
  if (isCommand) {
    const cwd = textOf(told.workdir) ?? retelling.agent(agentId)?.cwd ?? '';
    requestProcess(retelling, agentId, 'codex', { callId, command: commandOf(told), cwd, tty: told.tty === true });
  } else if (tool === 'exec' && typeof given === 'string') createCell(thread, callId, given);
  else if (tool === 'write_stdin' && typeof told.chars === 'string' && told.chars !== '') {
    const process = processNumbered(retelling, agentId, String(told.session_id));
    if (process !== undefined) written(retelling, process, callId, told.chars);
  }
}

const collaboration = new Set([
  'spawn_agent',
  'send_input',
  'send_message',
  'followup_task',
  'close_agent',
  'resume_agent',
  'interrupt_agent',
]);

/** Errors are written like any other output: they are told by how the tool says them. */
function outcomeOf(tool: string, text: string): Outcome {
  if (/^(?:Wall time: [\d.]+ seconds\n)?aborted(?: by user)?\b/.test(text)) return 'cancelled';
  if (collaboration.has(tool)) return text === '' || text.startsWith('{') ? 'ok' : 'refused';
  return /^(?:[\w.]+ failed: |failed to |unsupported call: |execution error: |Script failed\b|error: |err: )/i.test(
    text,
  )
    ? 'error'
    : 'ok';
}

const limit = /agent (?:thread )?limit reached(?: \(max (\d+)\))?/i;

export function answered(thread: Thread, payload: Json): void {
  const { retelling, agentId } = thread;
  const callId = textOf(payload.call_id) ?? '';
  const call = retelling.call(agentId, callId);
  const { output } = payload;
  const text =
    typeof output === 'string' || Array.isArray(output) ? contentText(output) : contentText(objectOf(output).content);
  if (call === undefined) {
    // Told before: only the name of a cell that still runs is to be learnt again.
    if (retelling.ledger.muted) cellAnswered(thread, callId, text);
    retelling.defect({ defect: 'a result without an open call', bytes: Buffer.byteLength(text), handled: 'left out' });
    return;
  }
  const args = objectOf(call.args);
  if (commands.has(call.tool)) commandAnswered(thread, callId, text);
  else if (call.tool === 'write_stdin') polled(thread, String(args.session_id), text);
  else if (call.tool === 'spawn_agent') spawnAnswered(thread, call.position, text);
  else if (call.tool === 'send_input') submitted(thread, callId, text);
  else if (call.tool === 'exec') cellAnswered(thread, callId, text);
  else if (call.tool === 'wait') cellObserved(thread, String(args.cell_id), text);
  retelling.endCall(agentId, callId, outcomeOf(call.tool, text), text);
}

const exited = /^(?:[\s\S]{0,200}?\n)?Process exited with code (-?\d+)/;
const running = /^(?:[\s\S]{0,200}?\n)?Process running with session ID (\d+)/;

/** What follows the header. */
const outputIn = (text: string): string => {
  const at = text.indexOf('Output:\n');
  return at < 0 ? text : text.slice(at + 'Output:\n'.length);
};

function commandAnswered({ retelling, agentId }: Thread, callId: string, text: string): void {
  const process = processOfCall(retelling, agentId, callId);
  if (process === undefined) return;
  const [, code] = exited.exec(text) ?? [];
  const [, number] = running.exec(text) ?? [];
  if (code !== undefined)
    processEnded(retelling, process, { code: Number(code), output: outputIn(text), mark: 'written' });
  else if (number !== undefined) runsOn(retelling, process, number);
  else plainAnswer({ retelling, agentId } as Thread, callId, text);
}

/** The older `shell` answers in JSON or in plain text, when its command has ended. */
function plainAnswer({ retelling, agentId }: Thread, callId: string, text: string): void {
  const process = processOfCall(retelling, agentId, callId)!;
  const { output, metadata } = objectOf(argumentsOf(text));
  const code = numberOf(objectOf(metadata).exit_code);
  const [, plain] = /^Exit code: (-?\d+)/.exec(text) ?? [];
  if (code !== undefined) processEnded(retelling, process, { code, output: textOf(output) ?? '', mark: 'written' });
  else if (plain !== undefined)
    processEnded(retelling, process, { code: Number(plain), output: text, mark: 'written' });
  else if (outcomeOf('', text) === 'error') launchFailed(retelling, process, clipped(text, 500));
}

function polled({ retelling, agentId }: Thread, number: string, text: string): void {
  const [, code] = exited.exec(text) ?? [];
  const process = processNumbered(retelling, agentId, number);
  if (code === undefined || process === undefined) return;
  // It ended at some time since the poll before this one.
  processEnded(retelling, process, { code: Number(code), output: outputIn(text), mark: 'inferred' });
}

function spawnAnswered(thread: Thread, position: number, text: string): void {
  const { retelling, agentId } = thread;
  const [found, max] = limit.exec(text) ?? [];
  const caller = retelling.agent(agentId);
  if (found === undefined || caller === undefined) return;
  // The first generation has an event of its own for it, which came before.
  if (retelling.computed.policy(caller.rootId).held === 'agent' && thread.refused === position) return;
  retelling.computed.refuse(caller, max === undefined ? retelling.computed.policy(caller.rootId).slots : Number(max), {
    cause: position,
  });
}

/** The turn that a mail starts has the id of its submission: an exact join of two files. */
function submitted(thread: Thread, callId: string, text: string): void {
  const id = textOf(objectOf(argumentsOf(text)).submission_id);
  if (id !== undefined) thread.submissions.set(id, `${thread.agentId}/${callId}`);
}

/** `exec_command_end`, or the item of the same meaning. */
export function commandEnded({ retelling, agentId }: Thread, payload: Json, at: number | undefined): void {
  const callId = textOf(payload.call_id) ?? textOf(payload.id) ?? '';
  const process =
    processOfCall(retelling, agentId, callId) ?? processNumbered(retelling, agentId, String(payload.process_id));
  if (process === undefined) return;
  const code = numberOf(payload.exit_code) ?? null;
  const output = textOf(payload.aggregated_output) ?? '';
  processEnded(retelling, process, { code, output, mark: 'written', ...(at !== undefined && { at }) });
}
