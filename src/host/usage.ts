/** What a child and everything it started take of the machine: processor and memory of the whole family. */
import { type Family, Look, membersOf } from './family.ts';
import { residentBytes, TICKS_PER_SECOND } from './procfs.ts';

export interface Usage {
  /** Processes of the family that are alive. */
  readonly members: number;
  /** Time on a processor since their starts, with that of their own children that have ended. */
  readonly cpuMs: number;
  /** Memory that is not swapped out; what members share is counted for each of them. */
  readonly memoryBytes: number;
}

/** In the order of the families; one look at /proc for all of them. */
export function usageOf(families: readonly Family[]): Usage[] {
  const look = new Look();
  return families.map((family) => {
    const members = membersOf(family, look);
    const ticks = members.reduce((sum, { cpuTicks }) => sum + cpuTicks, 0);
    const memoryBytes = members.reduce((sum, { pid }) => sum + residentBytes(pid), 0);
    return { members: members.length, cpuMs: (ticks * 1000) / TICKS_PER_SECOND, memoryBytes };
  });
}
