/** The built command line in processes of its own: run to the end, or watched while it runs. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect } from 'vitest';
import type { FleetFile } from '../../events/fleetFile.ts';
import { hostOfLog } from '../../src/host/client.ts';

export const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

const folders: string[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const folder of folders.splice(0)) {
    const host = hostOfLog(join(folder, 'log'));
    if (host !== undefined) process.kill(host.pid, 'SIGTERM');
    await expect.poll(() => hostOfLog(join(folder, 'log')), { timeout: 10_000 }).toBeUndefined();
    rmSync(folder, { recursive: true, force: true });
  }
});

export interface Place {
  readonly folder: string;
  readonly log: string;
  readonly fleet: string;
}

export function newPlace(fleet: object = quick): Place {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
  folders.push(folder);
  const place = { folder, log: join(folder, 'log'), fleet: join(folder, 'fleet.json') };
  writeFileSync(place.fleet, JSON.stringify(fleet));
  return place;
}

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const environment = () => ({ ...process.env, HOLDFAST_LOG: '', HOLDFAST_DEBUG: '', OPENAI_API_KEY: '' });

export const holdfast = (place: Place, ...words: readonly string[]): Promise<Said> =>
  new Promise((resolve) => {
    const options = { cwd: place.folder, env: environment(), maxBuffer: 2 ** 28 };
    const child = execFile(process.execPath, [program, ...words], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
    children.push(child);
  });

/** stdout of a verb that is expected to succeed, as the JSON document it is. */
export async function json<T>(place: Place, ...words: readonly string[]): Promise<T> {
  const said = await holdfast(place, ...words, '-o', 'json');
  expect(said.stderr).toBe('');
  expect(said.code).toBe(0);
  return JSON.parse(said.stdout) as T;
}

export interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The error of a verb that is expected to fail. */
export async function trouble(place: Place, code: number, ...words: readonly string[]): Promise<Trouble> {
  const said = await holdfast(place, ...words, '-o', 'json');
  const { error } = JSON.parse(said.stderr) as { error: Trouble };
  expect([said.code, said.stdout]).toEqual([code, '']);
  expect([error.code, error.message, error.remedy]).toEqual([
    expect.stringMatching(/^HOLDFAST_[A-Z_]+$/),
    expect.any(String),
    expect.any(String),
  ]);
  return error;
}

/** A verb that goes on until it is told to end. */
export class Watched {
  readonly child: ChildProcess;
  readonly exit: Promise<number | string>;
  stdout = '';
  stderr = '';
  #wake: () => void = () => {};

  constructor(place: Place, ...words: readonly string[]) {
    this.child = spawn(process.execPath, [program, ...words], { cwd: place.folder, env: environment() });
    children.push(this.child);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#wake();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    this.exit = once(this.child, 'close').then(([code, signal]) => {
      this.#wake();
      return (code ?? signal) as number | string;
    });
  }

  async until(holds: (said: this) => boolean): Promise<void> {
    while (!holds(this)) {
      if (this.child.exitCode !== null) throw new Error(`it ended before: ${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

const script = { models: { script: { kind: 'script' } } } as const;

/** Over at once: one helper works, the second is refused, the first is unloaded for a third. */
export const quick: FleetFile = {
  ...script,
  limits: { activeTurns: 1, residents: 1, waitMs: { min: 10, default: 5_000, max: 10_000 } },
  roots: [{ prompt: 'Go', model: 'script' }],
  scripts: {
    '/root': [
      [
        { call: 'spawn_agent', id: 'one', args: { task_name: 'one', message: 'work\u2028on' } },
        { call: 'spawn_agent', id: 'two', args: { task_name: 'two', message: 'work' } },
        { call: 'wait_agent', id: 'wait1', args: {} },
      ],
      [{ call: 'spawn_agent', id: 'again', args: { task_name: 'two', message: 'work' } }],
      [{ call: 'wait_agent', id: 'wait2', args: {} }],
      [{ call: 'spawn_agent', id: 'three', args: { task_name: 'three', message: 'x'.repeat(70_000) } }],
      [{ call: 'wait_agent', id: 'wait3', args: {} }],
      [{ say: 'All done.' }],
    ],
    '/root/*': [[{ say: 'Done.', delayMs: 20 }]],
  },
};

/** Never over by itself: a helper that hangs, and a command that goes on. */
export const endless: FleetFile = {
  ...script,
  limits: { activeTurns: 2, waitMs: { min: 10, default: 5_000, max: 10_000 } },
  roots: [{ prompt: 'Go', model: 'script' }],
  scripts: {
    '/root': [
      [
        { call: 'spawn_agent', id: 'one', args: { task_name: 'one', message: 'work' } },
        { call: 'exec_command', id: 'sleep', args: { cmd: 'sleep 1000', yield_time_ms: 250 } },
      ],
      { hang: true },
    ],
    '/root/one': [{ hang: true }],
  },
};

/** The command of `endless` runs and its root hangs. */
export const inFull = ({ stdout }: Watched): boolean => /"callId":"sleep".*"outcome":"ok"/.test(stdout);
