/** Tool calls of Claude Code and what came of them; commands are processes, too. */
import {
  launchFailed,
  nextProcess,
  processEnded,
  processNumbered,
  processOfCall,
  requestProcess,
  runsOn,
  stopRequested,
} from '../processes.ts';
import type { Json } from '../record.ts';
import { contentText, listOf, numberOf, objectOf, textOf } from '../shape.ts';
import { clipped, clippedIn } from '../text.ts';
import { isStarter, rootOf, starterAnswered, taskEnded } from './children.ts';
import type { Session } from './session.ts';

const stoppers = new Set(['KillBash', 'KillShell', 'TaskStop']);
const lookers = new Set(['BashOutput', 'TaskOutput', 'AgentOutputTool']);

const taskOf = (args: Json): string =>
  textOf(args.bash_id) ?? textOf(args.shell_id) ?? textOf(args.task_id) ?? textOf(args.agentId) ?? '';

export function called(session: Session, block: Json, n: number): void {
  const { retelling, agentId, cwd } = session;
  const callId = textOf(block.id);
  const tool = textOf(block.name);
  if (callId === undefined || tool === undefined) return;
  const args = clippedIn(objectOf(block.input));
  retelling.sample(agentId, [{ args, call: tool, id: callId }], n);
  const isCommand = tool === 'Bash';
  retelling.startCall(agentId, callId, tool, args, isCommand ? { processId: nextProcess(retelling) } : {});
  const told = objectOf(args);
  if (isCommand) {
    const command = ['sh', '-c', textOf(told.command) ?? ''];
    requestProcess(retelling, agentId, 'claude', { callId, command, cwd, tty: false });
  } else if (stoppers.has(tool)) {
    const process = processNumbered(retelling, agentId, taskOf(told));
    if (process !== undefined) stopRequested(retelling, process);
  } else if (tool === 'SendMessage') {
    const to = `${rootOf(session)}/${textOf(told.to) ?? textOf(told.recipient) ?? ''}`;
    const text = textOf(told.message) ?? textOf(told.content) ?? '';
    if (retelling.agent(to) !== undefined)
      retelling.accept(
        { id: `${agentId}/${callId}`, from: agentId, to, kind: 'message', trigger: false },
        text,
        'written',
      );
  }
}

/** All results of one line; `toolUseResult` is the structured copy of the only one. */
export function answered(session: Session, value: Json): void {
  const { retelling, agentId } = session;
  const blocks = listOf(objectOf(value.message).content).map(objectOf);
  const results = blocks.filter((block) => block.type === 'tool_result');
  const result = results.length === 1 ? objectOf(value.toolUseResult) : {};
  for (const block of results) {
    const callId = textOf(block.tool_use_id) ?? '';
    const call = retelling.call(agentId, callId);
    const text = contentText(block.content);
    const isError = block.is_error === true;
    if (call === undefined) {
      retelling.defect({
        defect: 'a result without an open call',
        bytes: Buffer.byteLength(text),
        handled: 'left out',
      });
      continue;
    }
    const args = objectOf(call.args);
    if (call.tool === 'Bash') commandAnswered(session, callId, result, isError, text);
    else if (lookers.has(call.tool)) looked(session, taskOf(args), text);
    else if (stoppers.has(call.tool)) stopped(session, taskOf(args), isError);
    else if (isStarter(call.tool)) starterAnswered(session, call, result, isError, text);
    retelling.endCall(agentId, callId, isError ? 'error' : 'ok', text);
  }
  // Messages to a running agent arrive between two of its calls.
  for (const mailId of [...retelling.unread(agentId)])
    if (retelling.state.mail.letters[mailId]!.kind === 'message') retelling.consume(agentId, mailId, 'inferred');
}

function commandAnswered(
  { retelling, agentId }: Session,
  callId: string,
  result: Json,
  isError: boolean,
  text: string,
): void {
  const process = processOfCall(retelling, agentId, callId);
  if (process === undefined) return;
  const task = textOf(result.backgroundTaskId) ?? /running in background with ID: ([\w-]+)/.exec(text)?.[1];
  const [, code] = /^(?:Error: )?Exit code (-?\d+)/.exec(text) ?? [];
  if (task !== undefined) runsOn(retelling, process, task);
  else if (isError && code === undefined) launchFailed(retelling, process, clipped(text, 500));
  else processEnded(retelling, process, { code: Number(code ?? 0), output: text, mark: 'inferred' });
}

function looked(session: Session, task: string, text: string): void {
  const { retelling, agentId } = session;
  const process = processNumbered(retelling, agentId, task);
  const [, status] = /<status>(\w+)<\/status>/.exec(text) ?? [];
  const [, code] = /<exit_code>(-?\d+)<\/exit_code>/.exec(text) ?? [];
  if (process === undefined) taskEnded(session, text, task);
  else if (status !== undefined && status !== 'running')
    processEnded(retelling, process, {
      code: numberOf(Number(code ?? Number.NaN)) ?? null,
      output: text,
      mark: 'inferred',
    });
}

function stopped({ retelling, agentId }: Session, task: string, isError: boolean): void {
  const process = processNumbered(retelling, agentId, task);
  if (process !== undefined && !isError) processEnded(retelling, process, { code: null, output: '', mark: 'inferred' });
}
