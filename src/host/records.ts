/**
 * What the host writes beside the spool, so that the next host still knows it: `<id>.start.json` before a start is tried
 * and again before it is answered, `<id>.end.json` before an end is told. The start goes when the engine has recorded the
 * end; the end stays.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Exit, Started, Typed, Window } from './port.ts';

export interface StartRecord {
  readonly processId: number;
  readonly requestId: string;
  readonly hostId: string;
  readonly tty: boolean;
  readonly command: readonly string[];
  /** One of the two is the answer; neither: the start was tried. */
  readonly started?: Started;
  readonly launchFailed?: string;
  readonly typed?: Typed;
  readonly salt?: string;
  /** Sizes of its terminal, in order. */
  readonly windows?: readonly Window[];
}

export interface EndRecord extends StartRecord {
  readonly exit?: Exit;
}

const fileOf = (logDir: string, processId: number, kind: 'start' | 'end') =>
  join(logDir, 'spool', `${processId}.${kind}.json`);

/** Seen by others whole or not at all. */
export function writeWhole(path: string, content: unknown): void {
  const unfinished = `${path}.new`;
  writeFileSync(unfinished, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  renameSync(unfinished, path);
}

export function makeSpool(logDir: string): void {
  mkdirSync(join(logDir, 'spool'), { recursive: true, mode: 0o700 });
}

/** A full disk must not keep an end from being told; only the next host would miss the record. */
export function kept(keep: () => void): void {
  try {
    keep();
  } catch (error) {
    console.error(`record not kept: ${String(error)}`);
  }
}

export function keepStart(logDir: string, record: StartRecord): void {
  writeWhole(fileOf(logDir, record.processId, 'start'), record);
}

export function keepEnd(logDir: string, record: EndRecord): void {
  writeWhole(fileOf(logDir, record.processId, 'end'), record);
}

/** The engine has the end in its log: the next host need not load this one. */
export function forgetStart(logDir: string, record: StartRecord): void {
  if (record.launchFailed !== undefined) keepEnd(logDir, record);
  rmSync(fileOf(logDir, record.processId, 'start'), { force: true });
}

/** Commands of ended processes that hold a text, or of one process, are removed; how these ended stays. */
export function forgetCommands(logDir: string, which: (record: EndRecord) => boolean): void {
  for (const name of readdirSync(join(logDir, 'spool'))) {
    const id = /^(\d+)\.end\.json$/.exec(name)?.[1];
    const record = id === undefined ? undefined : endOf(logDir, Number(id));
    if (record !== undefined && which(record)) keepEnd(logDir, { ...record, command: [] });
  }
}

export function endOf(logDir: string, processId: number): EndRecord | undefined {
  return parsed(fileOf(logDir, processId, 'end'));
}

export function startOf(logDir: string, processId: number): StartRecord | undefined {
  return parsed(fileOf(logDir, processId, 'start'));
}

/** Starts whose end no engine has acknowledged, by process id. */
export function openStarts(logDir: string): StartRecord[] {
  const ids = readdirSync(join(logDir, 'spool')).flatMap((name) => /^(\d+)\.start\.json$/.exec(name)?.[1] ?? []);
  return ids
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((id) => parsed<StartRecord>(fileOf(logDir, id, 'start')) ?? []);
}

function parsed<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
