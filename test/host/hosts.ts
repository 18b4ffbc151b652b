/** Real process hosts for tests: each in a folder of its own, and all they started is ended after the test, whatever happened. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { connectHost, hostOfLog, launchHost } from '../../src/host/client.ts';
import { endFamily, send } from '../../src/host/family.ts';
import type { Host, Started, StartRequest } from '../../src/host/port.ts';
import { allPids, bootId, carries, isDead, statOf } from '../../src/host/procfs.ts';

const logs: string[] = [];
const hostIds: string[] = [];
let hosts = 0;

afterEach(async () => {
  for (const log of logs.splice(0)) {
    const place = hostOfLog(log);
    if (place) send(place.pid, 'SIGKILL');
    await until(() => hostOfLog(log) === undefined);
    rmSync(log, { recursive: true, force: true });
  }
  for (const hostId of hostIds.splice(0)) {
    await endFamily({ bootId: bootId(), marks: { HOLDFAST_HOST_ID: hostId } }, 0);
  }
});

export function newLog(): string {
  const log = mkdtempSync(join(tmpdir(), 'holdfast-host-'));
  logs.push(log);
  return log;
}

export function nextHostId(): string {
  const hostId = `host-${process.pid}-${++hosts}`;
  hostIds.push(hostId);
  return hostId;
}

/** `settings`: environment of the host, such as a shorter linger. */
export async function newHost(
  log = newLog(),
  settings: Record<string, string> = {},
): Promise<{ log: string; host: Host }> {
  const before = { ...process.env };
  Object.assign(process.env, settings);
  try {
    return { log, host: await launchHost(log, nextHostId()) };
  } finally {
    process.env = before;
  }
}

export async function reconnect(log: string): Promise<Host> {
  const host = await connectHost(log);
  if (!host) throw new Error('no host');
  return host;
}

export const bash = (processId: number, script: string, more: Partial<StartRequest> = {}): StartRequest => ({
  requestId: `turn/call-${processId}`,
  processId,
  argv: ['bash', '--norc', '--noprofile', '-c', script],
  cwd: '/tmp',
  env: { PATH: process.env.PATH ?? '', TERM: 'dumb', LC_ALL: 'C.UTF-8' },
  tty: false,
  ...more,
});

export async function started(host: Host, request: StartRequest): Promise<Started> {
  const answer = await host.start(request);
  if ('error' in answer) throw new Error(answer.error);
  return answer;
}

export async function ended(host: Host, processId: number) {
  const state = await host.wait(processId, 30_000);
  if (!state?.exit) throw new Error(`process ${processId} has not ended: ${JSON.stringify(state)}`);
  return state.exit;
}

export async function output(host: Host, processId: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (let from = 0; ; ) {
    const part = await host.read(processId, from, 1024 * 1024);
    if (!part || part.to === from) return Buffer.concat(chunks).toString();
    chunks.push(part.bytes);
    from = part.to;
  }
}

/** Waits until the output holds the text. */
export async function shows(host: Host, processId: number, text: string): Promise<void> {
  for (let seen = 0; !(await output(host, processId)).includes(text); ) {
    const state = await host.wait(processId, 10_000, undefined, seen);
    if (!state || state.exit) break;
    seen = state.size;
  }
  expect(await output(host, processId)).toContain(text);
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(condition, { timeout: 20_000, interval: 5 }).toBe(true);
}

/** Living processes of a child, wherever they are. */
export function alive(host: Host, processId: number): number[] {
  const marks = { HOLDFAST_HOST_ID: host.hostId, HOLDFAST_PROCESS_ID: String(processId) };
  return allPids().filter((pid) => {
    const stat = statOf(pid);
    return stat !== undefined && !isDead(stat) && carries(pid, marks);
  });
}
