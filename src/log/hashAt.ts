/** The chain hash at a position: by it a cache knows whether it was made of this log. */
import type { LogReader } from './port.ts';

/** Hex; undefined where no batch ends at the position, or the log does not reach it. At the end of a log nothing is read. */
export async function hashAt(log: LogReader, position: number): Promise<string | undefined> {
  const end = log.synced();
  if (position >= end.position) return position === end.position ? end.hash : undefined;
  for await (const [event] of log.readHashed({ from: position, to: position })) return event?.hash;
  return undefined;
}
