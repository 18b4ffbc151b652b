/**
 * Reading of spooled output by byte offset. A spool is a row of segment files: the head `<id>.out` from byte 0 and
 * tails `<id>.<base>.out`; between them bytes may be missing. Also used without a host, for what ended long ago.
 */
import { closeSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Output } from './port.ts';
import { endOf, forgetCommands } from './records.ts';

export interface Segment {
  readonly path: string;
  /** Offset of its first byte in the whole output. */
  readonly base: number;
  readonly length: number;
}

export type Slice = Pick<Output, 'from' | 'to' | 'bytes' | 'omitted'>;

export function spoolFolder(logDir: string): string {
  return join(logDir, 'spool');
}

/** At most `bytesMax` bytes from `from` on: from one segment, so it may be fewer before the end (`to < size`). */
export function readSegments(segments: readonly Segment[], size: number, from: number, bytesMax: number): Slice {
  const start = Math.min(Math.max(from, 0), size);
  const segment = segments.find((candidate) => candidate.base + candidate.length > start);
  if (!segment) return { from: start, to: size, bytes: new Uint8Array(0), omitted: size - start };
  const at = Math.max(start, segment.base);
  const bytes = readAt(segment.path, at - segment.base, Math.min(bytesMax, segment.base + segment.length - at));
  return { from: start, to: at + bytes.length, bytes, omitted: at - start };
}

function readAt(path: string, position: number, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(Math.max(0, length));
  const file = openSync(path, 'r');
  try {
    let filled = 0;
    while (filled < bytes.length) {
      const got = readSync(file, bytes, filled, bytes.length - filled, position + filled);
      if (got === 0) break;
      filled += got;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(file);
  }
}

/** Removes the output of an ended process, and its command; what reads the output finds all of it left out. */
export function removeSpool(logDir: string, processId: number): void {
  forgetCommands(logDir, (record) => record.processId === processId);
  for (const { path } of segmentsOnDisk(logDir, processId)) rmSync(path, { force: true });
}

/** Segments of a process as they lie on disk. */
export function segmentsOnDisk(logDir: string, processId: number): Segment[] {
  const folder = spoolFolder(logDir);
  const segments: Segment[] = [];
  for (const name of namesIn(folder)) {
    const match = /^(\d+)(?:\.(\d+))?\.out$/.exec(name);
    if (!match || Number(match[1]) !== processId) continue;
    const path = join(folder, name);
    segments.push({ path, base: Number(match[2] ?? 0), length: statSync(path).size });
  }
  return segments.sort((a, b) => a.base - b.base);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Output without a host; undefined when there is neither output nor a record of an end. */
export function readSpool(logDir: string, processId: number, from: number, bytesMax: number): Output | undefined {
  const exit = endOf(logDir, processId)?.exit;
  const segments = segmentsOnDisk(logDir, processId);
  const last = segments.at(-1);
  if (!exit && !last) return undefined;
  const size = Math.max(exit?.outputBytes ?? 0, last ? last.base + last.length : 0);
  return { ...readSegments(segments, size, from, bytesMax), size, exit };
}
