/**
 * Children of a process host that died (PR8): whoever of them is certainly ours is ended group-wise, so that nothing
 * runs on that no log knows of.
 */
import { endFamily, marksOf, send } from './family.ts';
import type { Place } from './place.ts';
import { bootId, runs } from './procfs.ts';

export interface Orphan {
  /** From `ProcessStarted`; absent when the host died before it could tell: the marks in the environment remain. */
  readonly pid?: number;
  readonly startTime?: number;
  readonly bootId?: string;
  readonly group?: number;
  /** From `ProcessRequested`: finds those who left the group. */
  readonly processId?: number;
  readonly hostId?: string;
}

/** TERM, then KILL after `graceMs`; resolves when nobody is left. `wasAlive`: somebody of the group was. */
export async function endOrphan(orphan: Orphan, graceMs: number): Promise<{ wasAlive: boolean }> {
  const marks =
    orphan.processId === undefined || orphan.hostId === undefined ? {} : marksOf(orphan.hostId, orphan.processId);
  const wasAlive = await endFamily(
    {
      group: orphan.group ?? orphan.pid,
      startTime: orphan.startTime,
      bootId: orphan.bootId ?? bootId(),
      marks,
    },
    graceMs,
  );
  return { wasAlive };
}

/** Ends a host that does not answer any more, and then all of its children: their ends will not be known. */
export async function endHost({ pid, startTime, hostId }: Omit<Place, 'token'>, graceMs: number): Promise<void> {
  if (runs(pid, startTime)) send(pid, 'SIGKILL');
  await endFamily({ bootId: bootId(), marks: { HOLDFAST_HOST_ID: hostId } }, graceMs);
}
