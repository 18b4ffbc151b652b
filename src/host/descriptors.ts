/**
 * What Node cannot ask of the system: descriptors that stay here when a program is started. A child of the host has its
 * input, its output and its terminal, and nothing of ours, of the engine's log or of another child.
 */
import { closeSync, fstatSync, readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import koffi from 'koffi';
import { Failure } from '../failure.ts';

/** Of Linux, on all processors that Node runs on: `fcntl.h`. */
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const O_CLOEXEC = 0o2000000;
const STDERR = 2;

const system = koffi.load(null);
const fcntl = system.func('int fcntl(int descriptor, int command, ...)');
const pipe2 = system.func('int pipe2(_Out_ int *ends, int flags)');

/** Programs that are started from now on do not get it. */
export function keepOurs(descriptor: number): void {
  if (fcntl(descriptor, F_SETFD, 'int', FD_CLOEXEC) < 0) throw failed('fcntl');
}

export interface Pipe {
  readonly readEnd: number;
  /** The child's end; close it here once the child has it, or the output never ends. */
  readonly writeEnd: number;
}

/** Node would give a child two socket pairs: their order is lost, and a socket cannot be opened as /dev/stderr. */
export function openPipe(): Pipe {
  const ends = [-1, -1];
  if (pipe2(ends, O_CLOEXEC) < 0) throw failed('pipe2');
  return { readEnd: ends[0]!, writeEnd: ends[1]! };
}

/**
 * Closes what an engine had open when it started us: LevelDB does not keep its files from other programs, and tables that
 * it removes would take up the disk for as long as we live. To be called first of all: Node itself opens no files, and
 * keeps what it opens.
 */
export function closeInherited(): void {
  for (const descriptor of readdirSync('/proc/self/fd').map(Number)) {
    if (descriptor > STDERR && isInherited(descriptor)) closeSync(descriptor);
  }
}

function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1] ?? '0';
    // Node keeps low ones that it finds open, whatever they are.
    return (Number.parseInt(flags, 8) & O_CLOEXEC) === 0 || fstatSync(descriptor).isFile();
  } catch {
    return false; // It was the one by which they were listed.
  }
}

function failed(call: string): Failure {
  const errno = koffi.errno();
  const name = Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `error ${errno}`;
  return new Failure('HOLDFAST_HOST_FAILED', `the system refused ${call}: ${name}`, {
    remedy: 'too many files may be open: see `ulimit -n` of the shell that started the fleet',
  });
}
