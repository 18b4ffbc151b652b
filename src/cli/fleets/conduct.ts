/**
 * A fleet from its opening to its stop, as `run` and `resume` have it: follow it live, listen on the control socket, end
 * when it comes to rest or when a person stops it, and say what happened.
 */
import { resolve } from 'node:path';
import { clientsAwaited } from '../../../projections/answering.ts';
import type { Approval } from '../../../projections/approval.ts';
import { openApprovals } from '../../../projections/approvals.ts';
import type { State } from '../../../projections/state.ts';
import { allLive } from '../../decide/leases.ts';
import { Failure } from '../../failure.ts';
import type { Fleet } from '../../fleet.ts';
import { socketPath } from '../../host/place.ts';
import { openReader } from '../../live.ts';
import { Control } from '../../serve/control.ts';
import { followHashed } from '../../serve/followed.ts';
import { beginningOf, commandText } from '../../words/describe.ts';
import { oneLine } from '../../words/line.ts';
import { nameIn } from '../../words/names.ts';
import { exit } from '../exitCodes.ts';
import { tell } from '../output.ts';
import { commandLine, type Setting } from '../setting.ts';
import { type Report, reportOf } from './progress.ts';
import { type Summary, summarise } from './summary.ts';
import { lookFurther, summaryText } from './summaryText.ts';

export interface Opened {
  readonly fleet: Fleet;
  /** Position of the first event of this life. */
  readonly from: number;
}

/** How a fleet that stops leaves its live processes. */
export interface ConductOptions {
  /** They are ended; absent: they go on with their host, detached. */
  readonly endProcesses?: boolean;
}

export const endProcessesOption = [
  '--end-processes',
  'end the processes that still run when the fleet stops; without it they go on and can be found with `ps`',
] as const;

const liveProcesses = (state: State, end: boolean): string[] =>
  allLive(state).map(({ processId, agentId, command, stop }) => {
    const owner = nameIn(state, state.agents[agentId]!);
    const fate = end || stop !== undefined ? 'is being ended' : 'goes on without the fleet';
    return `process ${processId} of ${owner} ${fate}: ${oneLine(commandText(command))}`;
  });

/** Cells that stay where they are until somebody comes back to them. */
const liveCells = (dir: string, state: State): string[] =>
  Object.values(state.cells.all)
    .filter(({ end }) => end === undefined)
    .map(({ cellId, agentId, frontier }) => {
      const owner = nameIn(state, state.agents[agentId]!);
      return frontier === undefined
        ? `cell ${cellId} of ${owner} waits for what will not come: ${commandLine(dir, 'cell', 'terminate', cellId)}`
        : `cell ${cellId} of ${owner} stands at generation ${frontier.generation}: ${commandLine(dir, 'cell', 'resume', cellId, String(frontier.generation))}`;
    });

/** Resolves with why a person wants the fleet to stop; the second time the process ends at once. */
function stopAsked(setting: Setting, note: (text: string) => void): { readonly asked: Promise<string>; off(): void } {
  const resume = commandLine(setting.dir, 'resume');
  let resolveAsked: (reason: string) => void;
  const asked = new Promise<string>((yes) => (resolveAsked = yes));
  let before = false;
  const ask = (reason: string, text: string) => {
    if (before) {
      tell(`\nstopped at once; turns in progress stay in progress: ${resume}\n`);
      process.exit(exit.stopped);
    }
    before = true;
    if (text !== '') note(text);
    resolveAsked(reason);
  };
  const interrupt = () => ask('stopped by Ctrl-C', 'stopping in order; Ctrl-C again stops at once');
  const terminate = () => ask('stopped by a signal', 'stopping in order');
  const readerGone = () => {
    // What is still to be said has no reader: the fleet must not go on unseen.
    if (!before) ask('nobody reads the output', '');
  };
  process.on('SIGINT', interrupt).on('SIGTERM', terminate).on('SIGHUP', terminate);
  process.stdout.on('error', readerGone);
  return {
    asked,
    off: () => {
      process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('SIGHUP', terminate);
      process.stdout.off('error', readerGone);
    },
  };
}

async function follow(fleet: Fleet, from: number, report: Report, signal: AbortSignal): Promise<void> {
  for await (const page of followHashed(fleet.log, from, signal)) await report.page(page);
}

export async function tellSummary({ dir, out }: Setting, summary: Summary): Promise<void> {
  if (out.format === 'json') await out.show({ log: dir, ...summary, lookFurther: lookFurther(dir, summary) }, () => []);
  else if (out.format === 'text') await out.lines(['', ...summaryText(dir, summary)]);
}

export async function summaryOf(dir: string): Promise<Summary> {
  const log = await openReader(dir);
  try {
    return await summarise(log);
  } finally {
    await log.close();
  }
}

/** Why a fleet is stopped that nobody can answer. */
const personNeeded = 'a person is needed';

/** `clients`: names of roots whose clients are away, and agents wait for them. */
function needed(dir: string, questions: readonly Approval[], clients: readonly string[]): Failure {
  const [first] = questions;
  if (first === undefined)
    return new Failure(
      'HOLDFAST_CLIENT_NEEDED',
      `agents wait for their client to come back, which answers for them: ${clients.join(', ')}`,
      {
        remedy: `connect it again: \`${commandLine(dir, 'mcp')}\` is its server`,
        details: { clients },
      },
    );
  const asked = questions.map(({ approvalId, what }) => `${approvalId}: ${beginningOf(what)}`);
  const answer = commandLine(dir, 'answer', first.approvalId, 'allow');
  return new Failure(
    'HOLDFAST_PERSON_NEEDED',
    `agents wait for the answer of a person whether they may run ${asked.join('; ')}`,
    {
      remedy: `answer with \`${answer}\` (or deny, or always); then \`${commandLine(dir, 'resume')}\``,
      details: { approvals: questions },
    },
  );
}

/** Gives the exit code. `open` gets the path of the control socket. */
export async function conduct(
  setting: Setting,
  { endProcesses = false }: ConductOptions,
  open: (socket: string) => Promise<Opened>,
): Promise<number> {
  const { dir, out } = setting;
  const socket = socketPath(resolve(dir), 'engine');
  const { fleet, from } = await open(socket);
  const report = reportOf(fleet, out);
  const ending = new AbortController();
  const following = follow(fleet, from, report, ending.signal);
  // A failure to read what was just written is the log's, and comes up where the fleet is waited for.
  following.catch(() => {});
  const stop = stopAsked(setting, (text) => report.note(text));
  let control: Control | undefined;
  let reason: string | undefined;
  let questions: readonly Approval[] = [];
  let clients: readonly string[] = [];
  try {
    control = await Control.listen(fleet, socket);
    const rest = () =>
      Promise.race([
        fleet.whenIdle().then(() => undefined),
        stop.asked,
        ...(report.answers ? [] : [fleet.whenPersonNeeded().then(() => personNeeded)]),
      ]);
    reason = await rest();
    control.hold();
    // What came over the socket in the last moment is carried out.
    reason ??= await rest();
    await report.atRest();
    questions = await fleet.read(openApprovals);
    clients = await fleet.read(clientsAwaited);
    const notes = (state: State) => [...liveProcesses(state, endProcesses), ...liveCells(dir, state)];
    for (const text of await fleet.read(notes)) report.note(text);
    await fleet.stop(reason ?? 'at rest', { processes: endProcesses ? 'end' : 'leave' });
  } catch (error) {
    await fleet.stop('failed').catch(() => {});
    throw error;
  } finally {
    ending.abort();
    await Promise.allSettled([following, control?.close()]);
    report.end();
  }
  await following.catch((cause: unknown) => {
    throw new Failure(
      'HOLDFAST_OUTPUT_INCOMPLETE',
      'the fleet came to its end, but its events could not all be shown',
      {
        remedy: `all of them are in the log: \`${commandLine(dir, 'log')}\``,
        cause,
      },
    );
  });
  const code = reason === undefined || reason === personNeeded ? exit.done : exit.stopped;
  if (code === exit.done || out.format !== 'jsonl') await tellSummary(setting, await summaryOf(dir));
  stop.off();
  if (reason === personNeeded) throw needed(dir, questions, clients);
  if (code === exit.stopped) tell(`stopped; turns in progress stay in progress: ${commandLine(dir, 'resume')}\n`);
  return code;
}
