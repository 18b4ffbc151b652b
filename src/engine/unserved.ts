/**
 * A host that the log names and that never lived: the engine died after it had recorded a request and before it could
 * launch the host for it. Nothing of it was started, so the next host takes its name and its requests (TU6 (4)).
 */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { Process, State } from '../../projections/state.ts';
import { allLive } from '../decide/leases.ts';
import type { LogReader } from '../log/port.ts';
import type { HostDoor } from './hostGate.ts';

/** The machine's run during which an event was written: what was on disk may be gone after another one began. */
async function bootsOf(log: LogReader): Promise<(position: number) => string | undefined> {
  const starts: { readonly position: number; readonly bootId: string }[] = [];
  for await (const page of log.readStream('fleet')) {
    for (const event of page as readonly HoldfastEvent[]) {
      if (event.type === 'EngineStarted') starts.push({ position: event.position, bootId: event.data.bootId });
    }
  }
  return (position) => starts.findLast((start) => start.position < position)?.bootId;
}

/** Its id, if there is one. `bootId`: of this run of the machine. */
export async function unservedHost(
  state: State,
  log: LogReader,
  door: HostDoor,
  bootId: string,
): Promise<string | undefined> {
  const hostId = allLive(state).find((process) => process.pid === undefined)?.hostId;
  if (hostId === undefined) return undefined;
  const bootAt = await bootsOf(log);
  const untouched = ({ processId, pid, end, position }: Process) =>
    pid === undefined && end === undefined && bootAt(position) === bootId && door.remains(processId).unasked === true;
  const all = Object.values(state.processes.all).filter((process) => process.hostId === hostId);
  return all.every(untouched) ? hostId : undefined;
}
