/**
 * A family is a child with everything it started: its process group, its session, and whoever left both but still
 * carries our marks in its environment. Only those who are certainly ours are ever signalled (PR7).
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { allPids, bootId, environmentOf, holdsMarks, isDead, type PidStat, runs, statOf } from './procfs.ts';

export interface Family {
  /** Pid, group and session of the leader, when it is known that it was started. */
  readonly group?: number;
  readonly startTime?: number;
  readonly bootId: string;
  /** Environment entries that nobody else has: see `marksOf`. */
  readonly marks: Readonly<Record<string, string>>;
}

/** Waits for signalled processes to die: the kernel tells only parents, and grandchildren are not our children. */
const POLL_MS = 10;
/** Waits for killed processes to vanish; one in uninterruptible sleep cannot be helped. */
const KILL_MS = 5_000;

/** Process ids repeat between fleets, host ids never. */
export function marksOf(hostId: string, processId: number): Record<string, string> {
  return { HOLDFAST_PROCESS_ID: String(processId), HOLDFAST_HOST_ID: hostId };
}

/** One look at /proc, which serves many families: everybody who is alive, ourselves excepted, and what they carry. */
export class Look {
  readonly alive: readonly PidStat[];
  readonly #environments = new Map<number, ReadonlySet<string>>();

  constructor() {
    const others = allPids().filter((pid) => pid !== process.pid);
    this.alive = others.flatMap((pid) => statOf(pid) ?? []).filter((stat) => !isDead(stat));
  }

  carries({ pid }: PidStat, marks: Family['marks']): boolean {
    let environment = this.#environments.get(pid);
    if (environment === undefined) {
      environment = environmentOf(pid);
      this.#environments.set(pid, environment);
    }
    return holdsMarks(environment, marks);
  }
}

let shared: Look | undefined;

/** A look that was taken in this turn of the event loop: a hundred families that are ended together need one. */
function lookNow(): Look {
  if (shared === undefined) {
    shared = new Look();
    setImmediate(() => (shared = undefined));
  }
  return shared;
}

/** Living members of the family, the host itself excepted. */
export function membersOf(family: Family, look = lookNow()): PidStat[] {
  if (family.bootId !== bootId()) return [];
  const { alive } = look;
  const near = alive.filter((stat) => stat.group === family.group || stat.session === family.group);
  const marked = new Set(alive.filter((stat) => look.carries(stat, family.marks)));
  const leader = family.group === undefined ? undefined : statOf(family.group);
  // A number is not given out again while a group or session of that number has members: with the leader gone, one
  // marked member is proof for all of them. A leader with another start time is proof of the contrary.
  const leads = leader !== undefined && leader.startTime === family.startTime;
  const nearIsOurs = leads || (!leader && near.some((stat) => marked.has(stat)));
  return alive.filter(
    // The leader itself even where it leads nothing yet: it may be between its fork and its session.
    (stat) => marked.has(stat) || (nearIsOurs && near.includes(stat)) || (leads && stat.pid === leader.pid),
  );
}

/** Ends the family: TERM, then KILL after `graceMs` and until nobody is left. Returns whether anybody was alive. */
export async function endFamily(family: Family, graceMs: number): Promise<boolean> {
  // So that the look is younger than the family, which may have been started in this very turn.
  await turn();
  let members = membersOf(family);
  if (members.length === 0) return false;
  signalAll(members, 'SIGTERM');
  const killFrom = performance.now() + graceMs;
  const giveUp = killFrom + KILL_MS;
  while (members.length > 0 && performance.now() < giveUp) {
    await sleep(POLL_MS);
    if (performance.now() >= killFrom) signalAll(members, 'SIGKILL');
    // Known members are cheap to look up; all of /proc only when they are gone or may have had children meanwhile.
    members = members.filter((member) => runs(member.pid, member.startTime));
    if (members.length === 0 || performance.now() >= killFrom) members = membersOf(family);
  }
  return true;
}

function signalAll(members: readonly PidStat[], signal: NodeJS.Signals): void {
  for (const member of members) {
    if (runs(member.pid, member.startTime)) send(member.pid, signal);
  }
}

/** True if the signal was delivered; a process that died meanwhile is no trouble. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
