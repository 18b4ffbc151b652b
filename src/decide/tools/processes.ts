/** `exec_command`, `write_stdin`, `list_processes`, `stop_process`: commands that the process host runs for an agent. */
import * as t from 'io-ts';
import { closed, closedShape } from '../../../events/closed.ts';
import { ProcessRequested } from '../../../events/process.ts';
import { requestOf } from '../../../projections/calls.ts';
import type { Agent, Process, State } from '../../../projections/state.ts';
import { awaitsWorkspace } from '../../../projections/workspaces.ts';
import type { Deed } from '../approvals/judge.ts';
import { isBelow, resolvePath } from '../paths.ts';
import { processRefusal } from '../refusals.ts';
import { pruning, stopping, toPrune } from '../stops.ts';
import { error, okJson, refusedCall, type Tool } from './tool.ts';

const ExecArgs = closedShape(
  { cmd: t.string },
  {
    workdir: t.string,
    tty: t.boolean,
    yield_time_ms: t.number,
    max_output_tokens: t.number,
    shell: t.string,
    login: t.boolean,
    environment_id: t.string,
    sandbox_permissions: t.keyof({ use_default: null, require_escalated: null }),
    justification: t.string,
    prefix_rule: t.array(t.string),
    notifyOnExit: t.boolean,
    onInterrupt: t.keyof({ keep: null, kill: null }),
  },
  'exec_command arguments',
);
export type ExecArgs = t.TypeOf<typeof ExecArgs>;

const WriteArgs = closedShape(
  { session_id: t.number },
  { chars: t.string, yield_time_ms: t.number, max_output_tokens: t.number },
  'write_stdin arguments',
);
export type WriteArgs = t.TypeOf<typeof WriteArgs>;

const clamp = (value: number, min: number, max: number): number => Math.min(Math.max(value, min), max);

/** How long exec_command waits before it answers with what there is. */
export const execYieldMs = (args: ExecArgs): number => clamp(args.yield_time_ms ?? 10_000, 250, 30_000);

/** A write answers soon; an empty poll waits longer, so that models do not spin. */
export const writeYieldMs = (args: WriteArgs): number =>
  (args.chars ?? '') === ''
    ? clamp(args.yield_time_ms ?? 5_000, 5_000, 300_000)
    : clamp(args.yield_time_ms ?? 250, 250, 30_000);

/** PA3 for processes: ids of another tree's agents are unknown here. */
const processFor = (state: State, caller: Agent, id: number): Process | undefined => {
  const process = state.processes.all[id];
  return process?.rootId === caller.rootId ? process : undefined;
};

/** Where they stand nobody has put another program in their place. */
const shells = new Set([
  'bash',
  'sh',
  'dash',
  ...['bash', 'sh', 'dash'].flatMap((s) => [`/bin/${s}`, `/usr/bin/${s}`]),
]);

const execDeed = (_state: State, { cmd, shell, justification, prefix_rule }: ExecArgs): Deed => ({
  text: cmd,
  what: cmd,
  ...(shell !== undefined && !shells.has(shell) && { unsure: `it is run by ${shell}` }),
  ...(justification !== undefined && { justification }),
  ...(prefix_rule !== undefined && { proposed: prefix_rule }),
});

/** Whole lines of plain text can be read as a shell would; keys that edit a line, and parts of lines, cannot. */
function writeDeed(state: State, { session_id, chars = '' }: WriteArgs): Deed | undefined {
  const process = state.processes.all[session_id];
  if (chars === '' || process === undefined) return undefined;
  const plain = chars.endsWith('\n') && !/[^\n\P{Cc}]/u.test(chars);
  const what = `type ${JSON.stringify(chars)} into session ${session_id} (${process.command.at(-1)})`;
  return { text: chars, what, ...(!plain && { unsure: 'it is no whole line of plain text' }) };
}

export const execCommand: Tool<ExecArgs> = {
  name: 'exec_command',
  description:
    'Runs a shell command. Answers when it has ended or after yield_time_ms, with its output so far and a session id to go on with (write_stdin). tty: true gives it a terminal with an open stdin; notifyOnExit: true tells you by mail when it has ended; onInterrupt: "kill" ends it when your turn is interrupted.',
  args: ExecArgs,
  parameters: {
    cmd: 'The command line, as a shell reads it.',
    workdir: 'Where it runs. Default: your working directory.',
    tty: 'true: it gets a terminal, and write_stdin can type into it. Default: false.',
    yield_time_ms:
      'Answer after so many milliseconds with what there is, while it goes on (250 to 30000). Default: 10000.',
    max_output_tokens: 'How much of the output to show, in tokens; head and tail are kept. Default: 10000.',
    shell: "The shell that runs it. Default: the user's.",
    login: 'false: the shell reads no login files. Default: true.',
    environment_id: 'Accepted and recorded, without effect.',
    sandbox_permissions: 'Accepted and recorded, without effect.',
    justification: 'Why it should run, in one sentence, for the person who may be asked.',
    prefix_rule: 'First words of commands like this one that the person could allow for good.',
    notifyOnExit: 'true: its end comes to you as mail, unless a call tells you of it.',
    onInterrupt: 'What an interruption of you does to it: `keep` or `kill`. Default: `keep`.',
  },
  deed: execDeed,
  decide: (state, ctx, caller, args, call) => {
    if (args.cmd.trim() === '') return { end: error('missing command line for unified exec request') };
    if (awaitsWorkspace(state, caller.agentId))
      return { end: error('exec_command failed: the working directory of this agent is not there') };
    const refusal = processRefusal(state, ctx, caller);
    if (refusal !== undefined) return refusedCall('exec_command failed: ', refusal);
    const processId = state.fleet.nextProcessId;
    const pruned = state.fleet.limits.onFull === 'prune' ? toPrune(state, caller.rootId) : [];
    const shell = args.shell ?? '/bin/bash';
    const flag = args.login === false ? '-c' : '-lc';
    const workdir = args.workdir ?? '';
    return {
      started: { processId },
      facts: [
        ...pruning(state, ctx, pruned, caller),
        ProcessRequested({
          processId,
          agentId: caller.agentId,
          rootId: caller.rootId,
          requestId: requestOf(call),
          hostId: ctx.hostId,
          command: [shell, flag, args.cmd],
          cwd: workdir === '' ? caller.cwd : workdir.startsWith('/') ? workdir : `${caller.cwd}/${workdir}`,
          tty: args.tty === true,
          onInterrupt: args.onInterrupt ?? 'keep',
          ...call,
          ...(args.notifyOnExit === true && { notifyOnExit: true }),
          ...(pruned.length > 0 && { pruned: pruned.map((process) => process.processId) }),
        }),
      ],
    };
  },
};

export const writeStdin: Tool<WriteArgs> = {
  name: 'write_stdin',
  description:
    'Writes chars to a running session of exec_command (empty: only reads) and answers with the output that is new to you.',
  args: WriteArgs,
  parameters: {
    session_id: 'The session id that exec_command has answered with.',
    chars: 'What to type, control characters included. Empty: only wait for more output.',
    yield_time_ms: 'Answer after so many milliseconds with what there is. Default: 250 after typing, 5000 without.',
    max_output_tokens: 'How much of the output to show, in tokens; head and tail are kept. Default: 10000.',
  },
  deed: writeDeed,
  decide: (state, _ctx, caller, args) => {
    const process = processFor(state, caller, args.session_id);
    if (process === undefined) return { end: error(`write_stdin failed: Unknown process id ${args.session_id}`) };
    const writes = (args.chars ?? '') !== '' && process.end === undefined;
    if (writes && process.detached === 'operator') {
      const text =
        'the operator has detached this session; it goes on and can be read, and written to again when it is reattached';
      return { end: error(`write_stdin failed: ${text}`) };
    }
    if (writes && !process.tty) {
      const text = 'stdin is closed for this session; rerun exec_command with tty=true to keep stdin open';
      return { end: error(`write_stdin failed: ${text}`) };
    }
    return { started: { processId: process.processId } };
  },
};

const ListArgs = closed(t.partial({ agent: t.string, all: t.boolean }), 'list_processes arguments');

const describe = (state: State, process: Process) => ({
  session_id: process.processId,
  agent: state.agents[process.agentId]!.path,
  command: process.command.at(-1) ?? '',
  state: process.end?.how ?? (process.pid === undefined ? 'starting' : 'running'),
  ...(process.end === undefined && { place: process.place }),
  exit_code: process.end?.code ?? null,
});

export const listProcesses: Tool<t.TypeOf<typeof ListArgs>> = {
  name: 'list_processes',
  description:
    'Lists the running processes of your tree, or of one agent and those below it, attached to an agent in memory or detached; all: true adds those that have ended.',
  reads: true,
  args: ListArgs,
  parameters: {
    agent: 'Only of this agent and those below it: a path, absolute or relative to you. Default: the whole tree.',
    all: 'true: those that have ended, too.',
  },
  decide: (state, _ctx, caller, args) => {
    const prefix = resolvePath(caller.path, args.agent ?? '/root');
    if (prefix._tag === 'Left') return refusedCall('', prefix.left);
    const processes = Object.values(state.processes.all)
      .filter((p) => p.rootId === caller.rootId && (args.all === true || p.end === undefined))
      .filter((p) => isBelow(state.agents[p.agentId]!.path, prefix.right))
      .sort((a, b) => a.processId - b.processId)
      .map((p) => describe(state, p));
    return { end: okJson({ processes }) };
  },
};

const StopArgs = closed(t.type({ session_id: t.number }), 'stop_process arguments');

export const stopProcess: Tool<t.TypeOf<typeof StopArgs>> = {
  name: 'stop_process',
  description: 'Ends a process and its whole group: politely first, then for sure.',
  args: StopArgs,
  parameters: {
    session_id: 'The session id that exec_command has answered with.',
  },
  decide: (state, ctx, caller, args) => {
    const process = processFor(state, caller, args.session_id);
    if (process === undefined) return { end: error(`stop_process failed: Unknown process id ${args.session_id}`) };
    return { facts: stopping([process], 'requested', ctx.by), end: okJson(describe(state, process)) };
  },
};
