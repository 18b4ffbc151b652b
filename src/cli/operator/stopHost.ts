/** `stop-host`: ends the process host of a log, which otherwise goes by itself when nobody has needed it for a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../failure.ts';
import { connectHost, hostOfLog } from '../../host/client.ts';
import { endHost } from '../../host/orphans.ts';
import type { Place } from '../../host/place.ts';
import type { Host, HostProcess } from '../../host/port.ts';
import { runs } from '../../host/procfs.ts';
import { refuseStrangers } from '../../log/folder.ts';
import { Refused } from '../exitCodes.ts';
import { tell } from '../output.ts';
import { acting, commandLine, examples, type Setting, type Verb } from '../setting.ts';
import { commandText } from '../words/describe.ts';
import { cut, oneLine } from '../words/line.ts';

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

/** Ends whatever lives, whole groups, TERM and then KILL; what is started meanwhile is met by the next round. */
async function endAll(host: Host): Promise<number[]> {
  const ended = new Set<number>();
  while (!(await host.endIfEmpty())) {
    const live = (await host.list()).filter(isLive);
    if (live.length > 0) tell(`ending ${live.map(named).join(', ')}\n`);
    await Promise.all(live.map(({ processId }) => host.stop(`stop-host/${processId}`, processId, graceMs)));
    for (const { processId } of live) ended.add(processId);
  }
  return [...ended];
}

/** Its connection is closed before it ends. */
async function gone({ pid, startTime }: Omit<Place, 'token'>): Promise<void> {
  while (runs(pid, startTime)) await sleep(lookMs);
}

/** The host goes away once it has answered, or in the middle of that. */
const lostInTheEnd = (error: unknown): never[] => {
  if (error instanceof Failure && error.code === 'HOLDFAST_HOST_LOST') return [];
  throw error;
};

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
  const ended = await endAll(host).catch(lostInTheEnd);
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
