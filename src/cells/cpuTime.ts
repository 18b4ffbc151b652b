/** Time of the processor that one thread of this process has had, as Linux counts it. */
import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** The id of this thread for `cpuMsOf`; undefined where nobody can tell. */
export function ownThreadId(): string | undefined {
  try {
    return basename(readlinkSync('/proc/thread-self'));
  } catch {
    return undefined;
  }
}

/** In ms; undefined when the thread is gone, or nobody can tell. */
export function cpuMsOf(threadId: string | undefined): number | undefined {
  if (threadId === undefined) return undefined;
  try {
    return Number(readFileSync(`/proc/self/task/${threadId}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return undefined;
  }
}
