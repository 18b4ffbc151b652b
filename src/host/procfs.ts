/**
 * What the kernel says of processes (Linux: /proc). A pid alone names nobody: it is reused, so every identity here is
 * pid + start time + boot id.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface PidStat {
  readonly pid: number;
  /** `Z` and `X`: dead, only not yet collected by its parent. */
  readonly state: string;
  readonly group: number;
  readonly session: number;
  /** Group in the foreground of its terminal; -1 without one. */
  readonly foreground: number;
  /** Clock ticks since boot (field 22). */
  readonly startTime: number;
  /** Clock ticks on a processor, with those of its children that it has collected. */
  readonly cpuTicks: number;
}

/** The kernel tells times to programs in hundredths of a second, whatever it counts in itself (USER_HZ). */
export const TICKS_PER_SECOND = 100;

let boot: string | undefined;

/** Identity of this run of the kernel: pids and start times of another one mean nothing. */
export function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
}

export function statOf(pid: number): PidStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command name in brackets may itself hold brackets and blanks: fields are counted from the last one.
  const [state = '', , group, session, , foreground, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    state,
    group: Number(group),
    session: Number(session),
    foreground: Number(foreground),
    startTime: Number(rest[13]),
    cpuTicks: Number(rest[5]) + Number(rest[6]) + Number(rest[7]) + Number(rest[8]),
  };
}

export function isDead(stat: PidStat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}

/** Whether exactly this process still runs: a reused pid is somebody else. */
export function runs(pid: number, startTime: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.startTime === startTime && !isDead(stat);
}

export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Program and arguments; empty when it is gone or not ours to see. */
export function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** Bytes of memory that are not swapped out, shared ones included; 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Entries of the environment the process was started with; none when we may not read it. */
export function environmentOf(pid: number): ReadonlySet<string> {
  try {
    return new Set(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'));
  } catch {
    return new Set();
  }
}

/** Whether an environment holds all of these. */
export function holdsMarks(environment: ReadonlySet<string>, marks: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(marks);
  return wanted.length > 0 && wanted.every(([name, value]) => environment.has(`${name}=${value}`));
}

export const carries = (pid: number, marks: Readonly<Record<string, string>>): boolean =>
  holdsMarks(environmentOf(pid), marks);
