/** The engine's side of a process host: find the one of a log, or launch one that outlives us. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.ts';
import { Attached } from './attached.ts';
import { Connection } from './connection.ts';
import { type Place, placeOf } from './place.ts';
import type { Host, HostProcess, Output } from './port.ts';
import { allPids, commandOf, isDead, statOf } from './procfs.ts';
import { WRITE_BYTES_MAX } from './protocol.ts';

/** Waits for the socket of a host that lives: it may just be starting or ending. */
const CONNECT_MS = 5_000;
/** Waits for a launched host to listen; a busy machine starts Node slowly. */
const LAUNCH_MS = 15_000;
/** Characters of its log that a failed launch shows. */
const LAST_WORDS = 2_000;
/** Between two looks for either. */
const LOOK_MS = 5;

/** The living host of this log; undefined when there is none. Fails with HOLDFAST_HOST_FAILED when it does not let us in. */
export async function connectHost(logDir: string): Promise<Host | undefined> {
  const connection = await connectionTo(logDir);
  return connection && hostOver(connection);
}

/** A seat at a process of the living host; undefined when there is no host, or it does not have the process. */
export async function joinProcess(logDir: string, processId: number): Promise<Attached | undefined> {
  const connection = await connectionTo(logDir);
  return connection && Attached.join(connection, hostOver(connection), processId);
}

async function connectionTo(logDir: string): Promise<Connection | undefined> {
  const folder = resolve(logDir);
  await anyStarting(folder);
  const deadline = performance.now() + CONNECT_MS;
  for (;;) {
    const place = placeOf(folder);
    if (!place) return undefined;
    try {
      return await Connection.open(place.socket, place.token, CONNECT_MS);
    } catch (error) {
      if (performance.now() > deadline) throw unreachable(place, error);
    }
    await sleep(LOOK_MS);
  }
}

/** An engine that was killed may have launched a host that does not listen yet: there must not be a second one. */
async function anyStarting(folder: string): Promise<void> {
  if (placeOf(folder)) return;
  const script = hostScript();
  const starting = allPids().find((pid) => {
    const [, program, log] = commandOf(pid);
    return program === script && log === folder;
  });
  const deadline = performance.now() + LAUNCH_MS;
  while (starting !== undefined && !placeOf(folder) && lives(starting) && performance.now() < deadline) {
    await sleep(LOOK_MS);
  }
}

function lives(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && !isDead(stat);
}

/** Starts a host for this log, in its own session, and connects. Fails with HOLDFAST_HOST_FAILED. */
export async function launchHost(logDir: string, hostId: string): Promise<Host> {
  const folder = resolve(logDir);
  const script = hostScript();
  const logFile = join(folder, 'host.log');
  if (!existsSync(script)) throw failed(`${script} does not exist`, 'run `npm run build` first', { script });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = openSync(logFile, 'a', 0o600);
  const token = randomBytes(32).toString('hex');
  const child = spawn(process.execPath, [script, folder, hostId], {
    cwd: '/',
    detached: true,
    env: { ...process.env, HOLDFAST_HOST_TOKEN: token },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended: string | undefined;
  child.once('error', (error) => (ended = String(error)));
  child.once('exit', (code, signal) => (ended = `it ended with ${signal ?? `code ${code}`}`));
  child.unref();
  const deadline = performance.now() + LAUNCH_MS;
  while (ended === undefined && performance.now() < deadline) {
    const place = placeOf(folder);
    if (place?.hostId === hostId) {
      const host = await connectHost(folder);
      if (host) return host;
    }
    await sleep(LOOK_MS);
  }
  child.kill();
  const reason = ended ?? `it did not listen within ${LAUNCH_MS} ms`;
  const lastWords = readFileSync(logFile, 'utf8').slice(-LAST_WORDS);
  throw failed(`the process host did not start: ${reason}`, `see ${logFile}`, { logFile, hostId, lastWords });
}

/** The place of this log's host if it lives, for listings and diagnosis; never shows the token. */
export function hostOfLog(logDir: string): Omit<Place, 'token'> | undefined {
  const place = placeOf(resolve(logDir));
  if (!place) return undefined;
  const { token: _, ...shown } = place;
  return shown;
}

function hostOver(connection: Connection): Host {
  return {
    hostId: connection.hostId,
    start: (request) => connection.request('start', [request]),
    write: async (requestId, processId, bytes) => {
      if (bytes.length > WRITE_BYTES_MAX) {
        throw new Failure('HOLDFAST_HOST_FRAME_TOO_LARGE', `${bytes.length} bytes are too much for one write`, {
          remedy: `write at most ${WRITE_BYTES_MAX} bytes at once`,
        });
      }
      return connection.request('write', [requestId, processId], bytes);
    },
    resize: (processId, cols, rows) => connection.request('resize', [processId, cols, rows]),
    signal: (requestId, processId, signal) => connection.request('signal', [requestId, processId, signal]),
    stop: (requestId, processId, graceMs) => connection.request('stop', [requestId, processId, graceMs]),
    wait: (processId, waitMs, signal, more) => connection.request('wait', [processId, waitMs, more], undefined, signal),
    read: async (processId, from, maxBytes) => {
      const { value, bytes } = await connection.requestFrame<Output | undefined>('read', [processId, from, maxBytes]);
      return value && { ...value, bytes };
    },
    list: () => listOver(connection),
    find: (requestId) => connection.request('find', [requestId]),
    acknowledge: (processId) => connection.request('acknowledge', [processId]),
    onExit: (listener) => {
      connection.exits.add(listener);
      return () => connection.exits.delete(listener);
    },
    onTyped: (listener) => {
      connection.typings.add(listener);
      return () => connection.typings.delete(listener);
    },
    onLost: (listener) => {
      connection.losses.add(listener);
      return () => connection.losses.delete(listener);
    },
    endIfEmpty: () => connection.request('endIfEmpty', []),
    disconnect: () => connection.close(),
  };
}

async function listOver(connection: Connection): Promise<readonly HostProcess[]> {
  const all: HostProcess[] = [];
  for (;;) {
    const page: readonly HostProcess[] = await connection.request('list', [all.at(-1)?.processId ?? 0]);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

/** Tests run from the sources; the host always runs from the build. */
function hostScript(): string {
  const here = fileURLToPath(import.meta.url);
  if (here.includes('/dist/')) return fileURLToPath(new URL('./main.js', import.meta.url));
  return fileURLToPath(new URL('../../dist/src/host/main.js', import.meta.url));
}

function unreachable(place: Place, cause: unknown): Failure {
  return new Failure('HOLDFAST_HOST_FAILED', `process host ${place.hostId} (pid ${place.pid}) does not answer`, {
    remedy: `\`holdfast stop-host --force\` ends it and its children`,
    details: { hostId: place.hostId, pid: place.pid, socket: place.socket },
    cause,
  });
}

function failed(message: string, remedy: string, details: Record<string, unknown>): Failure {
  return new Failure('HOLDFAST_HOST_FAILED', message, { remedy, details });
}
