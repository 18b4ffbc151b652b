/** `stop-host`: ends the process host of a log, which otherwise goes by itself when nobody has needed it for a while. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, Refused } from '../../failure.ts';
import { connectHost, hostOfLog } from '../../host/client.ts';
import { endHost } from '../../host/orphans.ts';
import type { Place } from '../../host/place.ts';
import type { Host, HostProcess } from '../../host/port.ts';
import { runs } from '../../host/procfs.ts';
import { folderOf, refuseStrangers } from '../../log/folder.ts';
import { commandText } from '../../words/describe.ts';
import { cut, oneLine } from '../../words/line.ts';
import { clientOf } from '../opened.ts';
import { tell } from '../output.ts';
import { acting, commandLine, examples, type Setting, type Verb } from '../setting.ts';

/** PR7: between TERM and KILL. */
const graceMs = 2_000;
/** Between two looks whether it still runs. */
const lookMs = 10;
const commandColumnsMax = 60;

const isLive = ({ exit, launchFailed, lost }: HostProcess): boolean =>
  exit === undefined && launchFailed === undefined && lost !== true;

const named = ({ processId, command }: HostProcess): string =>
  `${processId} (${cut(oneLine(commandText(command)), commandColumnsMax)})`;

const busy = (dir: string, live: readonly HostProcess[]): Refused => {
  const count = live.length === 1 ? 'a process' : `${live.length} processes`;
  return new Refused('HOLDFAST_HOST_BUSY', `${count} would end with the host: ${live.map(named).join(', ')}`, {
    remedy: `end them too with \`${commandLine(dir, 'stop-host', '--force')}\``,
    details: { processes: live.map(({ processId }) => processId) },
  });
};

/** Each is asked for in the log before it is signalled (PR3): by the engine that runs the fleet, or by one opened for that. */
async function stopRecorded(dir: string, ids: readonly number[]): Promise<void> {
  const client = clientOf(dir);
  if (client !== undefined) {
    await Promise.all(ids.map((processId) => client.ask('stopProcess', { processId })));
  } else if (existsSync(folderOf(dir).head)) {
    const fleet = await (await import('./atRest.ts')).openAtRest(dir);
    await Promise.all(ids.map((id) => fleet.stopProcess(id)));
    await fleet.stop('opened to end processes');
  }
}

/** Ends whatever lives, whole groups, TERM and then KILL; what is started meanwhile is met by the next round. */
async function endAll(dir: string, host: Host): Promise<number[]> {
  const ended = new Set<number>();
  const round = async () => {
    const live = (await host.list()).filter(isLive);
    const ids = live.map(({ processId }) => processId);
    for (const id of ids) ended.add(id);
    if (live.length > 0) tell(`ending ${live.map(named).join(', ')}\n`);
    await stopRecorded(dir, ids).catch((error) => tell(`the log will not say who asked for it: ${String(error)}\n`));
    // Also what no log knows of, or an engine that hangs has not been heard about.
    await Promise.all(ids.map((id) => host.stop(`stop-host/${id}`, id, graceMs)));
  };
  try {
    while (!(await host.endIfEmpty())) await round();
  } catch (error) {
    // It goes away once it has answered, in the middle of that, or with the engine that was opened here.
    if (!(error instanceof Failure) || error.code !== 'HOLDFAST_HOST_LOST') throw error;
  }
  return [...ended];
}

/** Its connection is closed before it ends. */
async function gone({ pid, startTime }: Omit<Place, 'token'>): Promise<void> {
  while (runs(pid, startTime)) await sleep(lookMs);
}

async function stopHost({ dir, out }: Setting, { force }: { readonly force?: boolean }): Promise<void> {
  refuseStrangers(dir);
  const place = hostOfLog(dir);
  const host = await connectHost(dir).catch(async (error) => {
    if (force !== true || place === undefined) throw error;
    await endHost(place, graceMs);
    return undefined;
  });
  if (host === undefined) {
    const said = place === undefined ? `no process host runs for ${dir}` : `process host ${place.pid} is ended`;
    await out.show({ stopped: place !== undefined }, () => [said]);
    return;
  }
  const live = (await host.list()).filter(isLive);
  if (live.length > 0 && force !== true) {
    host.disconnect();
    throw busy(dir, live);
  }
  const ended = await endAll(dir, host);
  if (place !== undefined) await gone(place);
  await out.show({ stopped: true, hostId: host.hostId, pid: place?.pid, ended }, () => [
    `process host ${place?.pid} has ended${ended.length === 0 ? '' : `, and process ${ended.join(', ')}`}`,
  ]);
}

export const stopHostVerb: Verb = (program) => {
  program
    .command('stop-host')
    .description('end the process host of a log; refused while a process lives in it')
    .option('--force', 'end those processes too, their whole groups: TERM, and KILL after 2 s')
    .addHelpText('after', examples('stop-host', 'stop-host --force --log runs/monday'))
    .action(acting(stopHost));
};
